from __future__ import annotations

import zipfile

import pytest

from vigil.cases.archive import open_archive
from vigil.cases.parse import parse_deleted, parse_table
from vigil.cases.quarter import QuarterError, quarter_range
from vigil.cases.synthetic import SYNTHETIC_MARK
from vigil.cases.synthetic.generate import generate

QUARTERS = quarter_range("2024Q1:2024Q3")
# Rows a report of FDA's 2025Q2: 393,130 reports.
FDA_ROWS = {"DRUG": 4.65, "REAC": 3.41, "INDI": 2.89, "THER": 1.30, "OUTC": 0.75, "RPSR": 0.036}
FDA_BYTES = {"DEMO": 154, "DRUG": 100, "REAC": 38, "INDI": 48, "THER": 37, "OUTC": 22}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return generate(QUARTERS, 400, 7, tmp_path_factory.mktemp("synthetic"))


def demo(item):
    with open_archive(item.path) as archive:
        return [row for block in parse_table(archive, "DEMO") for row in block.rows.to_pylist()]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(written, tmp_path):
    again = generate(QUARTERS, 400, 7, tmp_path / "again")
    other = generate(QUARTERS, 400, 8, tmp_path / "other")
    for first, second, third in zip(written, again, other, strict=True):
        assert first.path.read_bytes() == second.path.read_bytes() != third.path.read_bytes()


def test_a_quarter_does_not_depend_on_which_others_are_asked_for(written, tmp_path):
    (alone,) = generate(quarter_range("2024Q2"), 400, 7, tmp_path)
    assert alone.path.read_bytes() == written[1].path.read_bytes()


def test_archives_are_read_by_the_strict_parser_without_a_reject(written):
    for quarter in written:
        with open_archive(quarter.path) as archive:
            assert str(archive.quarter) == quarter.quarter
            for table in archive.files:
                blocks = list(parse_table(archive, table))
                assert sum(block.rows.num_rows for block in blocks) == quarter.lines[table]
                assert not any(block.rejects for block in blocks)
            assert len(parse_deleted(archive).case_ids) == quarter.deleted > 0


def test_there_are_as_many_reports_as_were_asked_for(written):
    assert [item.lines["DEMO"] for item in written] == [400, 400, 400]


def test_cases_get_newer_versions_in_the_next_quarter_and_some_are_withdrawn(written):
    versions = [{row["caseid"]: int(row["caseversion"]) for row in demo(item)} for item in written]
    both = versions[0].keys() & versions[1].keys()
    assert len(both) > 20
    assert all(versions[1][case] == versions[0][case] + 1 for case in both)
    with open_archive(written[1].path) as archive:
        withdrawn = {str(case) for case in parse_deleted(archive).case_ids}
    assert withdrawn <= versions[0].keys()
    assert not withdrawn & versions[1].keys()


def test_every_report_says_that_it_is_synthetic(written):
    assert all(row["auth_num"].startswith(SYNTHETIC_MARK) for item in written for row in demo(item))


def test_rows_and_bytes_a_report_are_fdas(tmp_path):
    (item,) = generate(quarter_range("2025Q2"), 20_000, 7, tmp_path)
    for table, rows in FDA_ROWS.items():
        assert item.lines[table] / 20_000 == pytest.approx(rows, rel=0.2), table
    with zipfile.ZipFile(item.path) as archive:
        for table, size in FDA_BYTES.items():
            entry = archive.getinfo(f"ASCII/{table}25Q2.txt")
            assert entry.file_size / item.lines[table] == pytest.approx(size, rel=0.15), table


@pytest.mark.parametrize("quarter", ["2004Q1", "2012Q3", "2012Q4", "2014Q2"])
def test_older_quarters_have_the_layout_of_their_time(tmp_path, quarter):
    (item,) = generate(quarter_range(quarter), 60, 7, tmp_path)
    with open_archive(item.path) as archive:
        for table in archive.files:
            blocks = list(parse_table(archive, table))
            assert sum(block.rows.num_rows for block in blocks) == item.lines[table]
            assert not any(block.rejects for block in blocks)
        assert archive.deleted_file is None
        with archive.open(archive.files["DEMO"]) as stream:
            header, first = stream.readline(), stream.readline()
    legacy = archive.vintage.trailing_blank
    assert header.startswith(b"ISR$CASE$" if legacy else b"primaryid$caseid$")
    assert first.endswith(b"$\n") == legacy
    assert "UNITED STATES" in {row["reporter_country"] for row in demo(item)}


def test_the_odd_name_of_2018q1_is_kept(tmp_path):
    (item,) = generate(quarter_range("2018Q1"), 60, 7, tmp_path)
    with open_archive(item.path) as archive:
        assert archive.files["DEMO"] == "ASCII/DEMO18Q1_new.txt"


def test_a_quarter_that_fda_has_no_archive_of_is_refused(tmp_path):
    with pytest.raises(QuarterError, match="2003Q4 is before FDA's first archive"):
        generate(quarter_range("2003Q4"), 100, 7, tmp_path)
    assert list(tmp_path.iterdir()) == []
