"""Stage archives: parse each table once, and keep as Parquet the columns that curation reads.

Parquet is what DuckDB and Spark both read, so curation is one expression over it. Memory is bounded by a block.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from vigil.cases.archive import DELETED, ArchiveError, QuarterArchive, open_archive
from vigil.cases.parse import SOURCE_LINE, Reject, parse_deleted, parse_table
from vigil.cases.quarter import Quarter

SOURCE_ARCHIVE, QUARTER = "source_archive", "quarter"
REJECTS_FILE = "rejects.jsonl"
# The other tables and columns are parsed and counted, but no curated column comes from them.
STAGED_COLUMNS: dict[str, list[str]] = {
    "DEMO": [
        *("primaryid", "caseid", "caseversion", "i_f_code", "event_dt", "init_fda_dt", "fda_dt", "rept_cod"),
        *("auth_num", "mfr_sndr", "lit_ref", "age", "age_cod", "sex", "wt", "wt_cod", "occp_cod"),
        *("reporter_country", "occr_country"),
    ],
    "DRUG": ["primaryid", "role_cod", "drugname"],
    "REAC": ["primaryid", "pt"],
    "OUTC": ["primaryid", "outc_cod"],
    "INDI": ["primaryid", "indi_pt"],
}
DELETED_SCHEMA = pa.schema([("case_id", pa.int64()), (QUARTER, pa.string())])


class TableCounts(BaseModel):
    """What parsing one file gave: ``lines`` (without the header) = ``rows`` + ``rejects``."""

    model_config = ConfigDict(frozen=True)

    file: str
    lines: int
    rows: int
    rejects: int
    latin1_lines: int = 0


class StagedArchive(BaseModel):
    """One archive's counts. ``tables`` also has the list of deleted cases, as ``DELETED``, where there is one."""

    model_config = ConfigDict(frozen=True)

    name: str
    quarter: str
    vintage: str
    tables: dict[str, TableCounts]


def stage_archives(archives: Sequence[Path], folder: Path) -> list[StagedArchive]:
    """Parse ``archives`` into ``folder``: ``<TABLE>/<quarter>.parquet`` for each staged table, and ``rejects.jsonl``.

    Returns counts by archive, oldest quarter first. Raises ``ArchiveError``, also when two archives are of one quarter.
    """
    if not archives:
        raise ArchiveError("no archive was given: name at least one FAERS archive")
    for table in (*STAGED_COLUMNS, DELETED):
        (folder / table).mkdir(parents=True, exist_ok=True)
    by_quarter: dict[Quarter, Path] = {}
    for path in archives:
        with open_archive(path) as archive:
            other = by_quarter.setdefault(archive.quarter, path)
        if other is not path:
            raise ArchiveError(f"{other.name} and {path.name} are both of {archive.quarter}: keep one of them")
    with (folder / REJECTS_FILE).open("w", encoding="utf-8") as rejects:
        return [_stage(by_quarter[quarter], folder, rejects) for quarter in sorted(by_quarter)]


def _stage(path: Path, folder: Path, rejects: TextIO) -> StagedArchive:
    with open_archive(path) as archive:
        tables = {table: _stage_table(archive, table, folder, rejects) for table in archive.vintage.tables}
        deleted = _stage_deleted(archive, folder, rejects)
        if deleted is not None:
            tables[DELETED] = deleted
        return StagedArchive(
            name=archive.name, quarter=str(archive.quarter), vintage=archive.vintage.name, tables=tables
        )


def _stage_table(archive: QuarterArchive, table: str, folder: Path, rejects: TextIO) -> TableCounts:
    columns = STAGED_COLUMNS.get(table)
    counts = {"lines": 0, "rows": 0, "rejects": 0, "latin1_lines": 0}
    target = folder / table / f"{archive.quarter}.parquet"
    writer = pq.ParquetWriter(target, _schema(columns), compression="zstd") if columns else None
    try:
        for block in parse_table(archive, table):
            counts["lines"] += block.lines
            counts["rows"] += block.rows.num_rows
            counts["rejects"] += len(block.rejects)
            counts["latin1_lines"] += block.latin1_lines
            _write_rejects(block.rejects, rejects)
            if writer is not None and columns:
                writer.write_table(_with_source(block.rows.select([*columns, SOURCE_LINE]), archive))
    finally:
        if writer is not None:
            writer.close()
    return TableCounts(file=archive.files[table], **counts)


def _stage_deleted(archive: QuarterArchive, folder: Path, rejects: TextIO) -> TableCounts | None:
    deleted = parse_deleted(archive)
    _write_rejects(deleted.rejects, rejects)
    quarters = [str(archive.quarter)] * len(deleted.case_ids)
    rows = pa.table([pa.array(deleted.case_ids, pa.int64()), pa.array(quarters, pa.string())], schema=DELETED_SCHEMA)
    pq.write_table(rows, folder / DELETED / f"{archive.quarter}.parquet")
    if archive.deleted_file is None:
        return None
    return TableCounts(
        file=archive.deleted_file,
        lines=deleted.lines,
        rows=len(deleted.case_ids),
        rejects=len(deleted.rejects),
    )


def _schema(columns: Iterable[str]) -> pa.Schema:
    text = [(column, pa.string()) for column in columns]
    return pa.schema([*text, (SOURCE_LINE, pa.int64()), (SOURCE_ARCHIVE, pa.string()), (QUARTER, pa.string())])


def _with_source(rows: pa.Table, archive: QuarterArchive) -> pa.Table:
    for name, value in ((SOURCE_ARCHIVE, archive.name), (QUARTER, str(archive.quarter))):
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def _write_rejects(rejects: Iterable[Reject], file: TextIO) -> None:
    file.writelines(json.dumps(asdict(reject), sort_keys=True) + "\n" for reject in rejects)
