"""Parse one FAERS table: every line becomes a row or a reject, nothing is lost and nothing is guessed.

Rows of every vintage have the current layout's columns, blank where the vintage has none, so that whatever comes after
knows one layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from vigil.cases.archive import DELETED, ArchiveError, QuarterArchive
from vigil.cases.header import BOM, HEADER_LINE, Header, read_header
from vigil.cases.layout import TableLayout, load_layouts
from vigil.cases.lines import judge, keep, to_utf8, whole_lines
from vigil.cases.repeats import SeenKeys

MAX_DIGITS = 18  # they fit a signed 64-bit integer
WHOLE_NUMBER = rf"^[0-9]{{1,{MAX_DIGITS}}}$"
# Every day that is one: 30 February is not, and 29 February only in leap years.
CALENDAR_DATE = (
    r"^((19|20)[0-9]{2}((0[13578]|1[02])(0[1-9]|[12][0-9]|3[01])|(0[469]|11)(0[1-9]|[12][0-9]|30)|02(0[1-9]|1[0-9]|2[0-8]))"
    r"|((19|20)(0[48]|[2468][048]|[13579][26])|2000)0229)$"
)
SOURCE_LINE = "source_line"
REPEATED = "primaryid repeats"  # how the reason of a repeated report begins


@dataclass(frozen=True)
class Reject:
    """A line that is not a row. It never holds the line's text: that is patient-level data."""

    archive: str
    table: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class Block:
    """Some consecutive lines of a table.

    ``rows`` has the columns of the table's current layout as text, and ``source_line`` (from 1).
    """

    rows: pa.Table
    rejects: list[Reject]
    lines: int
    latin1_lines: int


def parse_table(archive: QuarterArchive, table: str) -> Iterator[Block]:
    """Stream one table. Data lines read = rows + rejects, in each block.

    Raises ``ArchiveError``: a header that is not the layout's, damage, too many rejects, no rows where the layout
    needs some. That error comes at the end of the stream at the latest, so use nothing before it ends.
    """
    file = archive.files[table]
    with archive.open(file) as stream:
        yield from _parse(archive, table, read_header(archive, table, stream), stream)


@dataclass(frozen=True)
class DeletedCases:
    """The cases that FDA withdrew, as one archive lists them. Lines = case ids + rejects."""

    case_ids: list[int]
    rejects: list[Reject]
    lines: int


def parse_deleted(archive: QuarterArchive) -> DeletedCases:
    """Read the list of deleted cases: one case id a line, no header. Its first line holds one blank, as others may."""
    found = DeletedCases([], [], 0)
    file = archive.deleted_file
    if file is None:
        return found
    case_ids: list[int] = []
    rejects: list[Reject] = []
    with archive.open(file) as stream:
        blocks = whole_lines(stream, archive.limits.max_line_bytes)
        lines = chain.from_iterable(block.splitlines() for block in blocks)
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(BOM).strip()
            if text.isdigit() and len(text) <= MAX_DIGITS:
                case_ids.append(int(text))
            elif text:
                rejects.append(Reject(archive.name, DELETED, file, number, "caseid is not a whole number"))
    entries = len(case_ids) + len(rejects)
    _check_share(archive, file, rejects, len(rejects), entries)
    return DeletedCases(case_ids, rejects, entries)


@dataclass
class _Table:
    """What the blocks of one table have in common."""

    archive: QuarterArchive
    name: str
    header: Header
    surplus: int
    seen: SeenKeys = field(default_factory=SeenKeys)

    @property
    def file(self) -> str:
        return self.archive.files[self.name]

    @property
    def layout(self) -> TableLayout:
        return self.archive.layout(self.name)

    @property
    def fields(self) -> int:
        """How many fields a line must have."""
        return len(self.header.columns) + self.surplus


def _parse(archive: QuarterArchive, name: str, header: Header, stream: IO[bytes]) -> Iterator[Block]:
    blocks = whole_lines(stream, archive.limits.max_line_bytes)
    first = next(blocks, b"")
    table = _Table(archive, name, header, header.surplus or _trailing_blanks(archive, header, first))
    lines = rejected = rows = 0
    last_rejects: list[Reject] = []
    for data in chain([first] if first else [], blocks):
        block = _block(table, data, HEADER_LINE + lines)
        lines += block.lines
        rejected += len(block.rejects)
        rows += block.rows.num_rows
        last_rejects = block.rejects or last_rejects
        if rejected > archive.limits.max_rejects_listed:
            raise _too_many(archive, table.file, last_rejects, rejected, lines)
        yield block
    _check_share(archive, table.file, last_rejects, rejected, lines)
    if table.layout.needs_rows and rows == 0:
        raise ArchiveError(f"{archive.name}: {table.file} has no usable line, so the quarter has no cases")


def _trailing_blanks(archive: QuarterArchive, header: Header, data: bytes) -> int:
    """One where the vintage's lines end in a separator; most lines of the first block tell whether this file's do."""
    if not archive.vintage.trailing_blank or not data:
        return 0
    columns = len(header.columns)
    fields = judge(data, columns, archive.limits.max_line_bytes).fields
    return int(np.count_nonzero(fields == columns + 1) >= np.count_nonzero(fields == columns))


def _check_share(archive: QuarterArchive, file: str, last: list[Reject], rejected: int, lines: int) -> None:
    if not archive.limits.tolerates(rejected, lines):
        raise _too_many(archive, file, last, rejected, lines)


def _too_many(archive: QuarterArchive, file: str, last: list[Reject], rejected: int, lines: int) -> ArchiveError:
    return ArchiveError(
        f"{archive.name}: {file}: {rejected:,} of {lines:,} lines are unusable, more than "
        f"{archive.limits.max_reject_share:.1%}, such as line {last[-1].line} ({last[-1].reason}): "
        "the file is damaged, fetch the quarter from FDA again"
    )


def _block(table: _Table, data: bytes, before: int) -> Block:
    """The lines ``data``, which follow ``before`` lines."""
    judged = judge(data, table.fields, table.archive.limits.max_line_bytes)
    usable = judged.usable
    reasons = {before + 1 + int(i): judged.reason(int(i)) for i in np.flatnonzero(~usable)}
    text, latin1_lines = to_utf8(keep(data, judged, usable))
    lines = pa.array(np.flatnonzero(usable) + before + 1, pa.int64())
    rows = _read_rows(text, table).append_column(SOURCE_LINE, lines)
    rows, unfit = _check_values(rows, table)
    reasons.update(unfit)
    if table.layout.unique:
        rows, repeated = _check_repeats(rows, table.layout.unique, table.seen)
        reasons.update(repeated)
    rejects = [
        Reject(table.archive.name, table.name, table.file, line, reason) for line, reason in sorted(reasons.items())
    ]
    return Block(_canonical(rows, table.name), rejects, len(judged), latin1_lines)


def _read_rows(text: bytes, table: _Table) -> pa.Table:
    names = [*table.header.columns, *(_surplus_name(number) for number in range(table.surplus))]
    if not text:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    return csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 1),
        parse_options=csv.ParseOptions(
            delimiter="$", quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in names}, strings_can_be_null=False
        ),
    )


def _surplus_name(number: int) -> str:
    return f"(surplus {number})"


def _canonical(rows: pa.Table, table: str) -> pa.Table:
    """The rows with the current layout's columns, blank where this vintage has none."""
    blank = pa.repeat(pa.scalar(""), rows.num_rows)
    columns = (*load_layouts().current.tables[table].columns, SOURCE_LINE)
    return pa.table({name: rows[name] if name in rows.column_names else blank for name in columns})


def _check_values(rows: pa.Table, table: _Table) -> tuple[pa.Table, dict[int, str]]:
    """The rows whose keys and dates can be read, and the line and reason of each other row."""
    layout = table.layout
    checks = [(column, WHOLE_NUMBER, f"{column} is not a whole number") for column in layout.whole_numbers]
    checks += [(column, CALENDAR_DATE, f"{column} is not a date such as 20230131") for column in layout.dates]
    checks += [(_surplus_name(number), "^$", "a value after the last column") for number in range(table.surplus)]
    unfit: dict[int, str] = {}
    fit = pa.array(np.ones(rows.num_rows, dtype=bool))
    for column, pattern, reason in checks:
        matches = pc.match_substring_regex(rows[column], pattern)
        if not pc.all(matches, min_count=0).as_py():
            for line in _lines(rows.filter(pc.invert(matches))):
                unfit.setdefault(line, reason)
            fit = pc.and_(fit, matches.combine_chunks() if isinstance(matches, pa.ChunkedArray) else matches)
    return (rows.filter(fit) if unfit else rows), unfit


def _check_repeats(rows: pa.Table, key: str, seen: SeenKeys) -> tuple[pa.Table, dict[int, str]]:
    """The rows whose key is new in this table, and the line and reason of each other row."""
    keys = rows[key].cast(pa.int64()).to_numpy()
    repeats = seen.repeats(keys, rows[SOURCE_LINE].to_numpy())
    if not repeats:
        return rows, {}
    kept = rows.filter(pc.invert(pc.is_in(rows[SOURCE_LINE], value_set=pa.array(sorted(repeats), pa.int64()))))
    return kept, {line: f"{REPEATED} line {first}" for line, first in repeats.items()}


def _lines(rows: pa.Table) -> Iterable[int]:
    lines: list[int] = rows[SOURCE_LINE].to_pylist()
    return lines
