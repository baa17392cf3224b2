from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive, header

from vigil.cases.archive import ArchiveError
from vigil.cases.stage import stage_archive

REAC = "ASCII/REAC23Q1.txt"


def test_counts_and_rejects_are_told_by_archive_and_table(tmp_path):
    body = f"{header('REAC')}\n11$1$Nausea$\ndamaged\n"
    path = Archive(deleted=[9]).report(1).write(tmp_path, changes={REAC: body.encode()})
    archive = stage_archive(path, tmp_path / "staged")
    assert (archive.name, archive.quarter, archive.vintage) == ("faers_ascii_2023q1.zip", "2023Q1", "current FAERS")
    reac = archive.tables["REAC"]
    assert (reac.file, reac.lines, reac.rows, reac.rejects) == (REAC, 2, 1, 1)
    assert archive.tables["DELETED"].rows == 1
    rejects = [json.loads(text) for text in (tmp_path / "staged/rejects.jsonl").read_text().splitlines()]
    assert rejects == [
        {"archive": "faers_ascii_2023q1.zip", "table": "REAC", "file": REAC, "line": 3,
         "reason": "1 fields where the layout has 4"}
    ]  # fmt: skip


def test_only_the_columns_that_curation_reads_are_kept_with_their_line(tmp_path):
    stage_archive(Archive().report(1).write(tmp_path), tmp_path / "staged")
    (row,) = pq.read_table(tmp_path / "staged/REAC.parquet").to_pylist()
    assert row == {"primaryid": 11, "pt": "Nausea", "source_line": 2}
    assert not (tmp_path / "staged/THER.parquet").exists()


def test_rejects_are_listed_in_the_order_of_the_layout_whichever_table_was_read_first(tmp_path):
    changes = {f"ASCII/{table}23Q1.txt": f"{header(table)}\ndamaged\n".encode() for table in ("REAC", "INDI", "DRUG")}
    stage_archive(Archive().report(1).write(tmp_path, changes=changes), tmp_path / "staged")
    rejects = [json.loads(text)["table"] for text in (tmp_path / "staged/rejects.jsonl").read_text().splitlines()]
    assert rejects == ["DRUG", "REAC", "INDI"]


def test_of_several_damaged_tables_the_first_of_the_layout_is_named(tmp_path):
    changes = {f"ASCII/{table}23Q1.txt": b"x\n" for table in ("INDI", "DRUG")}
    with pytest.raises(ArchiveError, match=r"DRUG23Q1\.txt line 1"):
        stage_archive(Archive().report(1).write(tmp_path, changes=changes), tmp_path / "staged")


def test_a_case_listed_twice_as_deleted_is_kept_once(tmp_path):
    stage_archive(Archive(deleted=[9, 3, 9]).report(1).write(tmp_path), tmp_path / "staged")
    assert pq.read_table(tmp_path / "staged/DELETED.parquet").to_pydict() == {"case_id": [3, 9]}


@pytest.mark.parametrize("table", ["DRUG", "REAC", "OUTC"])
def test_a_table_that_was_lost_from_a_quarter_refuses_the_archive(tmp_path, table):
    """Without outcomes every case would look harmless."""
    archive = Archive()
    for case in range(1, 601):
        archive.report(case, outcomes=["HO"] if case % 2 else [])
    path = archive.write(tmp_path, changes={f"ASCII/{table}23Q1.txt": f"{header(table)}\n".encode()})
    with pytest.raises(ArchiveError, match=rf"{table}23Q1\.txt has no row for 600 reports"):
        stage_archive(path, tmp_path / "staged")
