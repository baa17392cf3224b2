"""Pack an unpacked quarter: what is kept and named by its digest is one file."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from vigil.cases.archive import open_archive

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # zip's own zero: when a folder was unpacked is no part of its content
COMPRESSION_LEVEL = 6


def pack_folder(folder: Path, target: Path) -> Path:
    """Write FDA's tables of ``folder`` into ``target`` as a zip of FDA's own name; other files are left out.

    The same tables give the same bytes, wherever the folder lies. Raises ``ArchiveError``.
    """
    root = folder.resolve()
    with open_archive(root) as archive:
        names = sorted(filter(None, [*archive.files.values(), archive.deleted_file]))
        path = target / f"faers_ascii_{archive.quarter.year}q{archive.quarter.number}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as packed:
            for name in names:
                entry = zipfile.ZipInfo(name, ZIP_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                entry.file_size = (root / name).stat().st_size  # decides whether the entry needs zip64
                with archive.open(name) as source, packed.open(entry, "w") as sink:
                    shutil.copyfileobj(source, sink)
    return path
