"""``model.tar.gz`` and ``output.tar.gz``: packed as SageMaker packs them, unpacked without trusting them."""

from __future__ import annotations

import tarfile
from pathlib import Path

UNPACKED_LIMIT = 20 * 1024**3


class ArchiveError(Exception):
    """An archive cannot be read, or holds what must not be unpacked."""


def pack(folder: Path, archive: Path) -> bool:
    """The files of ``folder`` by their relative paths, sorted. Without any, nothing is written and False returned."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        return False
    with tarfile.open(archive, "w:gz") as tar:
        for path in files:
            tar.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False)
    return True


def unpack(archive: Path, folder: Path) -> None:
    """Raises ``ArchiveError``: for links or paths that lead outside, devices, and more than 20 GiB.

    Python's ``data`` filter decides what may be unpacked (https://docs.python.org/3/library/tarfile.html).
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                size += member.size
                if size > UNPACKED_LIMIT:
                    raise ArchiveError(f"{archive.name} unpacks to more than {UNPACKED_LIMIT} bytes")
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{archive.name} cannot be unpacked: {error}") from error
