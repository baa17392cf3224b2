"""Check a table's header line against the layout of its vintage."""

from __future__ import annotations

from typing import IO

from vigil.cases.archive import ArchiveError, QuarterArchive
from vigil.cases.layout import load_layouts

BOM = b"\xef\xbb\xbf"
HEADER_LINE = 1
SHOWN = 40  # of a column name that may be anything


def check_header(archive: QuarterArchive, table: str, stream: IO[bytes]) -> None:
    """Read the first line and compare it with the layout. Case, blanks and a byte-order mark do not matter."""
    file, layout = archive.files[table], archive.layout(table)
    where = f"{archive.name}: {file} line {HEADER_LINE}"
    line = stream.readline(archive.limits.max_line_bytes)
    if not line.strip():
        raise ArchiveError(f"{where}: the file is empty, even of its header: fetch the quarter from FDA again")
    text = line.removeprefix(BOM).decode("latin-1").strip()
    columns = tuple(column.strip().lower() for column in text.split("$"))
    if columns == layout.columns:
        return
    other = load_layouts().marked_by(columns)
    if other is not None and not other.tables:
        raise ArchiveError(
            f"{where}: the columns are those of the {other.name} layout ({other.span}), which is not read"
        )
    if len(columns) != len(layout.columns):
        difference = f"{len(columns)} columns where the {archive.vintage.name} layout has {len(layout.columns)}"
    else:
        pairs = zip(columns, layout.columns, strict=True)
        number, (found, wanted) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
        difference = f"column {number} is {found[:SHOWN]!r} where the {archive.vintage.name} layout has {wanted!r}"
    raise ArchiveError(f"{where}: wrong header, {difference}: fetch the quarter from FDA again")
