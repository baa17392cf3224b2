"""Look through an archive before it is landed: structure, headers, every byte readable, lines counted."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from vigil.cases.archive import ArchiveError, open_archive
from vigil.cases.header import read_header
from vigil.cases.lines import count_lines
from vigil.digests import file_digest


class ArchiveSummary(BaseModel):
    """An archive that can be curated. ``lines`` counts data lines by table, without headers; ``size`` is in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    quarter: str
    vintage: str
    sha256: str
    size: int
    lines: dict[str, int]


def inspect_archive(path: Path) -> ArchiveSummary:
    """Inspect a zip. Raises ``ArchiveError``."""
    if path.is_dir():
        raise ArchiveError(f"{path} is a folder: pack it first, since what is kept is one file with one digest")
    lines: dict[str, int] = {}
    with open_archive(path) as archive:
        for table, file in archive.files.items():
            with archive.open(file) as stream:
                read_header(archive, table, stream)
                lines[table] = count_lines(stream)
    return ArchiveSummary(
        name=path.name,
        quarter=str(archive.quarter),
        vintage=archive.vintage.name,
        sha256=file_digest(path),
        size=path.stat().st_size,
        lines=dict(sorted(lines.items())),
    )
