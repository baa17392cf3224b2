"""Stage an archive: parse each table once, and keep as Parquet the columns that curation reads.

Parquet is what DuckDB and Spark both read, so curation is one expression over it. Memory is bounded by a block for each
table that is read at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vigil.cases.archive import DELETED, ArchiveError, QuarterArchive, open_archive
from vigil.cases.countries import load_countries
from vigil.cases.parse import REPEATED, SOURCE_LINE, Reject, parse_deleted, parse_table
from vigil.cases.staged_counts import REJECTS_FILE, StagedArchive, TableCounts

# The other tables and columns are parsed and counted, but no curated column comes from them.
STAGED_COLUMNS: dict[str, tuple[str, ...]] = {
    "DEMO": (
        *("primaryid", "caseid", "caseversion", "i_f_code", "event_dt", "init_fda_dt", "fda_dt", "rept_cod"),
        *("auth_num", "mfr_sndr", "lit_ref", "age", "age_cod", "sex", "wt", "wt_cod", "occp_cod"),
        *("reporter_country", "occr_country"),
    ),
    "DRUG": ("primaryid", "role_cod", "drugname"),
    "REAC": ("primaryid", "pt"),
    "OUTC": ("primaryid", "outc_cod"),
    "INDI": ("primaryid", "indi_pt"),
}
NUMBERS = frozenset({"primaryid", "caseid"})  # the parser let only whole numbers through
NEEDED = ("DRUG", "REAC", "OUTC")  # a quarter has rows of
COUNTRIES = "COUNTRIES"  # a look-up table beside FDA's: a name's two letters
DELETED_SCHEMA = pa.schema([("case_id", pa.int64())])
PARSING_THREADS = 2  # reading, unpacking and parsing mostly run outside Python's lock
# Staged files live for minutes on a local disk: speed counts, size does not.
COMPRESSION = "lz4"


@dataclass(frozen=True)
class _Staged:
    counts: TableCounts
    rejects: list[Reject]


def stage_archive(path: Path, folder: Path) -> StagedArchive:
    """Parse the archive ``path`` into ``folder``: ``<TABLE>.parquet`` for each staged table, and ``rejects.jsonl``.

    Raises ``ArchiveError``; of several damaged tables it names the first in the layout's order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names, codes = zip(*sorted(load_countries().items()), strict=True)
    pq.write_table(pa.table({"name": names, "code": codes}), folder / f"{COUNTRIES}.parquet", compression=COMPRESSION)
    with open_archive(path) as archive:
        with ThreadPoolExecutor(PARSING_THREADS) as threads:
            # The large tables first, so that no thread is left with one at the end.
            order = sorted(archive.vintage.tables, key=lambda table: (table != "DRUG", table != "REAC"))
            jobs = {table: threads.submit(_stage_table, archive, table, folder) for table in order}
        staged = {table: jobs[table].result() for table in archive.vintage.tables}
        _refuse_lost_tables(archive, staged)
        staged[DELETED] = _stage_deleted(archive, folder)
        with (folder / REJECTS_FILE).open("w", encoding="utf-8") as file:
            for table in staged.values():
                file.writelines(json.dumps(asdict(reject), sort_keys=True) + "\n" for reject in table.rejects)
        tables = {table: found.counts for table, found in staged.items()}
        if archive.deleted_file is None:
            del tables[DELETED]
        return StagedArchive(
            name=archive.name, quarter=str(archive.quarter), vintage=archive.vintage.name, tables=tables
        )


def _refuse_lost_tables(archive: QuarterArchive, staged: Mapping[str, _Staged]) -> None:
    """A lost table of outcomes would turn every serious case of the quarter into one that is not."""
    reports = staged["DEMO"].counts.rows
    if reports < archive.limits.reports_that_need_rows:
        return
    for table in NEEDED:
        if staged[table].counts.rows == 0:
            raise ArchiveError(
                f"{archive.name}: {archive.files[table]} has no row for {reports:,} reports: "
                "fetch the quarter from FDA again"
            )


def _stage_table(archive: QuarterArchive, table: str, folder: Path) -> _Staged:
    columns = STAGED_COLUMNS.get(table)
    lines = rows = latin1_lines = 0
    rejects: list[Reject] = []
    schema = _schema(columns or ())
    writer = pq.ParquetWriter(folder / f"{table}.parquet", schema, compression=COMPRESSION) if columns else None
    try:
        for block in parse_table(archive, table):
            lines += block.lines
            rows += block.rows.num_rows
            latin1_lines += block.latin1_lines
            rejects += block.rejects
            if writer is not None:
                writer.write_table(block.rows.select(schema.names).cast(schema))
    finally:
        if writer is not None:
            writer.close()
    counts = TableCounts(
        file=archive.files[table],
        lines=lines,
        rows=rows,
        rejects=len(rejects),
        latin1_lines=latin1_lines,
        repeats=sum(reject.reason.startswith(REPEATED) for reject in rejects),
    )
    return _Staged(counts, rejects)


def _stage_deleted(archive: QuarterArchive, folder: Path) -> _Staged:
    deleted = parse_deleted(archive)
    rows = pa.table([pa.array(sorted(set(deleted.case_ids)), pa.int64())], schema=DELETED_SCHEMA)
    pq.write_table(rows, folder / f"{DELETED}.parquet", compression=COMPRESSION)
    return _Staged(
        TableCounts(
            file=archive.deleted_file or "",
            lines=deleted.lines,
            rows=len(deleted.case_ids),
            rejects=len(deleted.rejects),
        ),
        deleted.rejects,
    )


def _schema(columns: Iterable[str]) -> pa.Schema:
    fields = [(column, pa.int64() if column in NUMBERS else pa.string()) for column in columns]
    return pa.schema([*fields, (SOURCE_LINE, pa.int64())])
