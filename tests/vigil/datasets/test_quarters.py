from __future__ import annotations

import json
import shutil

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive

from vigil.cases.archive import ArchiveError
from vigil.datasets import quarters
from vigil.datasets.build import curate_archives
from vigil.datasets.quarter_record import CASES_FILE, QUARTER_FILE, QUARTER_FILES
from vigil.datasets.quarters import StaleQuarterError, curate_quarter, read_quarter
from vigil.datasets.records import OutputExistsError
from vigil.digests import file_digest


@pytest.fixture
def archive(tmp_path):
    quarter = Archive("2023Q1", deleted=[2]).report(1, outcomes=["HO"]).report(2).report(3, sex="F", event_dt="2022")
    quarter.lines["REAC"].append("9999$999$Nausea$")
    return quarter.write(tmp_path / "archives")


def test_a_curated_quarter_says_what_it_is_made_of(archive, tmp_path):
    made = curate_quarter(archive, tmp_path / "quarter")
    assert {path.name for path in (tmp_path / "quarter").iterdir()} == set(QUARTER_FILES)
    assert read_quarter(tmp_path / "quarter") == made
    assert (made.quarter, made.cases, made.archive.sha256) == ("2023Q1", 2, file_digest(archive))
    assert made.staged.codes["sex"] == {"": 2, "F": 1}
    assert (made.staged.children["reac"].rows, made.staged.children["reac"].orphans) == (4, 1)
    assert made.staged.partial_event_dates == 1


def test_the_same_archive_gives_the_same_bytes(archive, tmp_path):
    for name in ("a", "b"):
        curate_quarter(archive, tmp_path / name)
    for name in QUARTER_FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_file_that_changed_is_refused_by_name(archive, tmp_path):
    curate_quarter(archive, tmp_path / "quarter")
    (tmp_path / "quarter" / CASES_FILE).write_bytes(b"other")
    with pytest.raises(StaleQuarterError, match=r"cases\.parquet changed since"):
        read_quarter(tmp_path / "quarter")


def test_a_file_that_is_missing_is_refused_by_name(archive, tmp_path):
    curate_quarter(archive, tmp_path / "quarter")
    (tmp_path / "quarter/deleted.parquet").unlink()
    with pytest.raises(StaleQuarterError, match=r"lacks deleted\.parquet"):
        read_quarter(tmp_path / "quarter")


def test_rows_of_other_code_are_never_used(archive, tmp_path, monkeypatch):
    curate_quarter(archive, tmp_path / "quarter")
    monkeypatch.setattr(quarters, "curation_revision", lambda: "another")
    with pytest.raises(StaleQuarterError, match="this is another"):
        read_quarter(tmp_path / "quarter")


def test_a_failure_leaves_nothing_behind(tmp_path):
    bad = Archive().report(1).write(tmp_path / "archives", changes={"ASCII/REAC23Q1.txt": b"x\n"})
    with pytest.raises(ArchiveError):
        curate_quarter(bad, tmp_path / "out" / "quarter")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_holds_something_is_left_as_it_is(archive, tmp_path):
    (tmp_path / "quarter").mkdir()
    (tmp_path / "quarter/mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError):
        curate_quarter(archive, tmp_path / "quarter")
    assert [path.name for path in (tmp_path / "quarter").iterdir()] == ["mine.txt"]


def curated_at(folder):
    return {path.name: (path / QUARTER_FILE).stat().st_mtime_ns for path in folder.iterdir()}


def test_only_what_is_new_is_curated(tmp_path):
    paths = [Archive(quarter).report(n).write(tmp_path) for n, quarter in enumerate(("2023Q1", "2023Q2"), 1)]
    curate_archives(paths, tmp_path / "quarters")
    before = curated_at(tmp_path / "quarters")
    changed = Archive("2023Q2").report(2).report(5).write(tmp_path)
    added = Archive("2023Q3").report(3).write(tmp_path)
    curate_archives([paths[0], changed, added], tmp_path / "quarters")
    after = curated_at(tmp_path / "quarters")
    assert after["2023Q1"] == before["2023Q1"]
    assert after["2023Q2"] != before["2023Q2"]
    assert pq.read_metadata(tmp_path / "quarters/2023Q2" / CASES_FILE).num_rows == 2
    assert set(after) == {"2023Q1", "2023Q2", "2023Q3"}


def test_an_archive_of_another_name_is_curated_again_for_its_name_stands_in_every_row(tmp_path):
    path = Archive().report(1).write(tmp_path)
    curate_archives([path], tmp_path / "quarters")
    renamed = path.rename(tmp_path / "renamed_faers_ascii_2023q1.zip")
    curate_archives([renamed], tmp_path / "quarters")
    (row,) = pq.read_table(tmp_path / "quarters/2023Q1" / CASES_FILE).to_pylist()
    assert row["source_archive"] == renamed.name


def test_files_of_others_are_left_where_they_are(tmp_path):
    (tmp_path / "quarters").mkdir()
    (tmp_path / "quarters/notes.txt").write_text("mine")
    curate_archives([Archive().report(1).write(tmp_path)], tmp_path / "quarters")
    assert (tmp_path / "quarters/notes.txt").read_text() == "mine"


def test_a_record_of_other_code_may_have_another_form(archive, tmp_path):
    curate_quarter(archive, tmp_path / "quarter")
    (tmp_path / "quarter" / QUARTER_FILE).write_text(json.dumps({"revision": "older", "form": "another"}))
    with pytest.raises(StaleQuarterError, match="by revision older"):
        read_quarter(tmp_path / "quarter")


def test_a_quarter_that_is_no_longer_asked_for_is_removed(tmp_path):
    paths = [Archive(quarter).report(1).write(tmp_path) for quarter in ("2023Q1", "2023Q2")]
    curate_archives(paths, tmp_path / "quarters")
    curate_archives(paths[1:], tmp_path / "quarters")
    assert [path.name for path in (tmp_path / "quarters").iterdir()] == ["2023Q2"]


def test_a_damaged_quarter_is_curated_again(tmp_path):
    path = Archive().report(1).write(tmp_path)
    curate_archives([path], tmp_path / "quarters")
    whole = shutil.copytree(tmp_path / "quarters/2023Q1", tmp_path / "whole")
    (tmp_path / "quarters/2023Q1" / QUARTER_FILE).write_text(json.dumps({"cases": 1}))
    curate_archives([path], tmp_path / "quarters")
    assert (tmp_path / "quarters/2023Q1" / QUARTER_FILE).read_bytes() == (whole / QUARTER_FILE).read_bytes()
