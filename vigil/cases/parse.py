"""Parse one FAERS table: every line becomes a row or a reject, nothing is lost and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from vigil.cases.archive import DELETED, ArchiveError, QuarterArchive
from vigil.cases.header import HEADER_LINE, check_header
from vigil.cases.layout import TableLayout
from vigil.cases.lines import Lines, judge, keep, to_utf8, whole_lines

MAX_DIGITS = 18  # they fit a signed 64-bit integer
WHOLE_NUMBER = rf"^[0-9]{{1,{MAX_DIGITS}}}$"
CALENDAR_DATE = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
SOURCE_LINE = "source_line"


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
    """Some consecutive lines of a table. ``rows`` has the layout's columns as text, and ``source_line`` (from 1)."""

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
        check_header(archive, table, stream)
        yield from _parse(archive, table, stream)


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
            text = line.strip()
            if text.isdigit() and len(text) <= MAX_DIGITS:
                case_ids.append(int(text))
            elif text:
                rejects.append(Reject(archive.name, DELETED, file, number, "caseid is not a whole number"))
    entries = len(case_ids) + len(rejects)
    _check_share(archive, file, rejects, len(rejects), entries)
    return DeletedCases(case_ids, rejects, entries)


def _parse(archive: QuarterArchive, table: str, stream: IO[bytes]) -> Iterator[Block]:
    file, layout, line = archive.files[table], archive.layout(table), HEADER_LINE
    lines = rejected = rows = 0
    last_rejects: list[Reject] = []
    limits = archive.limits
    for data in whole_lines(stream, limits.max_line_bytes):
        judged = judge(data, len(layout.columns), limits.max_line_bytes)
        block = _block(archive, table, data, judged, line)
        line += len(judged)
        lines += block.lines
        rejected += len(block.rejects)
        rows += block.rows.num_rows
        last_rejects = block.rejects or last_rejects
        if rejected > limits.max_rejects_listed:
            break
        yield block
    _check_share(archive, file, last_rejects, rejected, lines)
    if layout.needs_rows and rows == 0:
        raise ArchiveError(f"{archive.name}: {file} has no usable line, so the quarter has no cases")


def _check_share(archive: QuarterArchive, file: str, last: list[Reject], rejected: int, lines: int) -> None:
    if archive.limits.tolerates(rejected, lines):
        return
    raise ArchiveError(
        f"{archive.name}: {file}: {rejected:,} of {lines:,} lines are unusable, more than "
        f"{archive.limits.max_reject_share:.1%}, such as line {last[-1].line} ({last[-1].reason}): "
        "the file is damaged, fetch the quarter from FDA again"
    )


def _block(archive: QuarterArchive, table: str, data: bytes, judged: Lines, before: int) -> Block:
    file, layout = archive.files[table], archive.layout(table)
    usable = judged.usable
    reasons = {int(i): judged.reason(int(i)) for i in np.flatnonzero(~usable)}
    text, latin1_lines = to_utf8(keep(data, judged, usable))
    positions = np.flatnonzero(usable)
    rows = _read_rows(text, layout).append_column(SOURCE_LINE, pa.array(positions + before + 1, pa.int64()))
    rows, unfit = _check_values(rows, layout)
    reasons.update({line - before - 1: reason for line, reason in unfit.items()})
    rejects = [Reject(archive.name, table, file, before + 1 + i, reasons[i]) for i in sorted(reasons)]
    return Block(rows, rejects, len(judged), latin1_lines)


def _read_rows(text: bytes, layout: TableLayout) -> pa.Table:
    columns = list(layout.columns)
    if not text:
        return pa.table({column: pa.array([], pa.string()) for column in columns})
    return csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(use_threads=False, column_names=columns, block_size=len(text) + 1),
        parse_options=csv.ParseOptions(
            delimiter="$", quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types={column: pa.string() for column in columns}, strings_can_be_null=False
        ),
    )


def _check_values(rows: pa.Table, layout: TableLayout) -> tuple[pa.Table, dict[int, str]]:
    """The rows whose keys and dates can be read, and the line and reason of each other row."""
    unfit: dict[int, str] = {}
    checks = [(column, WHOLE_NUMBER, "a whole number") for column in layout.whole_numbers]
    checks += [(column, CALENDAR_DATE, "a date such as 20230131") for column in layout.dates]
    fit = pa.array(np.ones(rows.num_rows, dtype=bool))
    for column, pattern, wanted in checks:
        matches = pc.match_substring_regex(rows[column], pattern)
        if not pc.all(matches, min_count=0).as_py():
            lines = rows[SOURCE_LINE].filter(pc.invert(matches)).to_pylist()
            unfit.update({line: f"{column} is not {wanted}" for line in lines if line not in unfit})
            fit = pc.and_(fit, matches.combine_chunks() if isinstance(matches, pa.ChunkedArray) else matches)
    return (rows.filter(fit) if unfit else rows), unfit
