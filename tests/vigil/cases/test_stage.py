from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive, header

from vigil.cases.archive import ArchiveError
from vigil.cases.stage import stage_archives

REAC = "ASCII/REAC23Q1.txt"


def test_counts_and_rejects_are_told_by_archive_and_table(tmp_path):
    body = f"{header('REAC')}\n11$1$Nausea$\ndamaged\n"
    path = Archive(deleted=[9]).report(1).write(tmp_path, changes={REAC: body.encode()})
    (archive,) = stage_archives([path], tmp_path / "staged")
    assert (archive.name, archive.quarter, archive.vintage) == ("faers_ascii_2023q1.zip", "2023Q1", "current FAERS")
    reac = archive.tables["REAC"]
    assert (reac.file, reac.lines, reac.rows, reac.rejects) == (REAC, 2, 1, 1)
    assert archive.tables["DELETED"].rows == 1
    rejects = [json.loads(text) for text in (tmp_path / "staged/rejects.jsonl").read_text().splitlines()]
    assert rejects == [
        {"archive": "faers_ascii_2023q1.zip", "table": "REAC", "file": REAC, "line": 3,
         "reason": "1 fields where the layout has 4"}
    ]  # fmt: skip


def test_only_the_columns_that_curation_reads_are_kept_with_their_source(tmp_path):
    stage_archives([Archive().report(1).write(tmp_path)], tmp_path / "staged")
    (row,) = pq.read_table(tmp_path / "staged/REAC/2023Q1.parquet").to_pylist()
    assert row == {
        "primaryid": "11", "pt": "Nausea", "source_line": 2, "source_archive": "faers_ascii_2023q1.zip",
        "quarter": "2023Q1",
    }  # fmt: skip
    assert not (tmp_path / "staged/THER").exists()


def test_archives_are_staged_oldest_first(tmp_path):
    paths = [Archive(quarter).report(1).write(tmp_path) for quarter in ("2024Q1", "2023Q4")]
    assert [archive.quarter for archive in stage_archives(paths, tmp_path / "staged")] == ["2023Q4", "2024Q1"]


def test_no_archive_is_an_error(tmp_path):
    with pytest.raises(ArchiveError, match="name at least one"):
        stage_archives([], tmp_path / "staged")
