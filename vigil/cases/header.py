"""Check a table's header line against the layout of its vintage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

from vigil.cases.archive import ArchiveError, QuarterArchive
from vigil.cases.layout import load_layouts

BOM = b"\xef\xbb\xbf"
HEADER_LINE = 1
SHOWN = 40  # of a column name that may be anything
# What a column without a name is called, at the end of a header, where a file was saved again by other software.
NAMELESS = re.compile(r"(v\d+)?")


@dataclass(frozen=True)
class Header:
    """``columns``: the current layout's names of a file's columns, in order; ``surplus``: nameless ones after them."""

    columns: tuple[str, ...]
    surplus: int = 0


def read_header(archive: QuarterArchive, table: str, stream: IO[bytes]) -> Header:
    """Read the first line and compare it with the layout. Case, blanks and a byte-order mark do not matter.

    Raises ``ArchiveError`` naming the first difference.
    """
    file, layout = archive.files[table], archive.layout(table)
    where = f"{archive.name}: {file} line {HEADER_LINE}"
    line = stream.readline(archive.limits.max_line_bytes)
    if not line.strip():
        raise ArchiveError(f"{where}: the file is empty, even of its header: fetch the quarter from FDA again")
    names = [name.strip().lower() for name in line.removeprefix(BOM).decode("latin-1").strip().split("$")]
    surplus = 0
    while len(names) > 1 and NAMELESS.fullmatch(names[-1]):
        names.pop()
        surplus += 1
    found = tuple(archive.vintage.column(table, name) for name in names)
    missing = [column for column in layout.optional if column not in found]
    wanted = tuple(column for column in layout.columns if column not in missing)
    if found != wanted:
        raise ArchiveError(f"{where}: {_difference(archive, names, found, wanted)}")
    return Header(found, surplus)


def _difference(archive: QuarterArchive, names: list[str], found: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    other = load_layouts().marked_by(names)
    if other is not None and other.name != archive.vintage.name:
        return (
            f"the columns are those of the {other.name} layout ({other.span}), but {archive.quarter} has the "
            f"{archive.vintage.name} layout: is the file of another quarter?"
        )
    if len(found) != len(wanted):
        difference = f"{len(found)} columns where the {archive.vintage.name} layout has {len(wanted)}"
    else:
        pairs = zip(names, found, wanted, strict=True)
        number, name, column = next((n, name, want) for n, (name, got, want) in enumerate(pairs, 1) if got != want)
        difference = f"column {number} is {name[:SHOWN]!r} where the {archive.vintage.name} layout has {column!r}"
    return f"wrong header, {difference}: fetch the quarter from FDA again"
