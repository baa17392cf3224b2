"""Real reports: counts that were taken once and must not change unnoticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from vigil.cases.archive import open_archive
from vigil.cases.intake import case_report
from vigil.cases.staged_counts import StagedArchive
from vigil.datasets.quarters import curate_quarter

pytestmark = pytest.mark.real_data


def curated(archives: list[Path], folder: Path) -> tuple[list[StagedArchive], list[dict[str, Any]]]:
    assert archives
    counts, cases = [], []
    for path in archives:
        counts.append(curate_quarter(path, folder / path.stem).archive.counts)
        cases += pq.read_table(folder / path.stem / "cases.parquet").to_pylist()
    return counts, cases


def test_all_of_2023_is_read_without_a_reject(real_data, tmp_path):
    counts, cases = curated(sorted((real_data / "faers").glob("faers_ascii_2023q*_sample.zip")), tmp_path)
    assert [archive.tables["DEMO"].rows for archive in counts] == [5840, 1260, 1260, 1260]
    assert sum(table.lines for archive in counts for table in archive.tables.values()) == 73_522
    assert sum(table.rejects for archive in counts for table in archive.tables.values()) == 0
    # The sample holds each case once and lists no deleted ones, so every report is a case.
    assert len(cases) == 9_620
    assert sum(case["serious"] for case in cases) == 4_398
    assert all(case["reactions"] and case["drugs"] for case in cases)
    assert len([case_report(case) for case in cases]) == 9_620


def test_the_head_of_2022q4_keeps_its_follow_ups(real_data, tmp_path):
    """Follow-ups of old, serious cases; the tables' heads do not cover the same cases."""
    (counts,), cases = curated([real_data / "faers/faers_ascii_2022q4_head.zip"], tmp_path)
    rows = {table: found.rows for table, found in counts.tables.items()}
    assert rows == {
        "DEMO": 1562, "DRUG": 15278, "REAC": 10769, "OUTC": 60120, "RPSR": 2174, "THER": 4860, "INDI": 10441,
        "DELETED": 3624,
    }  # fmt: skip
    assert sum(found.rejects for found in counts.tables.values()) == 0
    assert len(cases) == 1_562
    assert sum(case["serious"] for case in cases) == 1_131
    assert sum(case["event_date"] is not None for case in cases) == 1_107
    assert {case["initial_or_followup"] for case in cases} == {"F"}


def test_the_head_of_2017q2_keeps_cases_with_partial_dates(real_data, tmp_path):
    (counts,), cases = curated([real_data / "faers/faers_ascii_2017q2_head.zip"], tmp_path)
    assert sum(found.rejects for found in counts.tables.values()) == 0
    assert "DELETED" not in counts.tables
    assert len(cases) == 100
    assert sum(case["serious"] for case in cases) == 59
    # 29 whole dates, 24 partial ones, 47 blank.
    assert sum(case["event_date"] is not None for case in cases) == 29


def test_the_legacy_head_is_curated_to_the_same_schema(real_data, tmp_path):
    """Saved again by other software: headers end in a column `v3`, which lines leave blank. Legacy files list no
    deleted cases, first receipts, versions or countries of the event."""
    (counts,), cases = curated([real_data / "faers/aers_ascii_2004q1_head.zip"], tmp_path)
    rows = {table: found.rows for table, found in counts.tables.items()}
    assert rows == {"DEMO": 100, "DRUG": 386, "REAC": 416, "OUTC": 93, "RPSR": 119, "THER": 145, "INDI": 124}
    assert sum(found.rejects for found in counts.tables.values()) == 0
    assert len(cases) == 100
    assert sum(case["serious"] for case in cases) == 71
    assert {case["sex"] for case in cases} <= {"F", "M", None}
    assert sum(case["age_years"] is not None for case in cases) == 82
    assert all(case["reactions"] and case["drugs"] for case in cases)
    assert {case["case_version"] for case in cases} == {None}
    assert {case["reporter_country"] for case in cases} == {None}
    assert len([case_report(case) for case in cases]) == 100
    modern = curated([real_data / "faers/faers_ascii_2017q2_head.zip"], tmp_path)[1]
    assert tuple(cases[0]) == tuple(modern[0])


def test_a_curated_case_leads_back_to_the_published_line(real_data, tmp_path):
    path = real_data / "faers/faers_ascii_2023q2_sample.zip"
    _, cases = curated([path], tmp_path)
    with open_archive(path) as archive, archive.open(archive.files["DEMO"]) as stream:
        lines = stream.read().decode("latin-1").split("\n")
    for case in cases[::100]:
        fields = lines[case["source_line"] - 1].split("$")
        assert (int(fields[0]), int(fields[1])) == (case["primary_id"], case["case_id"])
