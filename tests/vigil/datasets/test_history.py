"""Which quarter holds the version of a case to keep, whatever the quarters' order and however they arrive."""

from __future__ import annotations

import pytest
from curated_rows import current_rows
from faers_archives import Archive
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.cases.archive import ArchiveError
from vigil.datasets.build import curate_archives

QUARTERS = ("2023Q1", "2023Q2", "2023Q3")


def current(folder, *archives):
    return current_rows([archive.write(folder / "archives") for archive in archives], folder)


def test_the_latest_receipt_wins_over_quarters_whatever_their_order(tmp_path):
    newer = Archive("2023Q2").report(7, 2, fda_dt="20230401", reactions=["Newer"])
    older = Archive("2023Q1").report(7, 1, fda_dt="20230301", reactions=["Older"])
    (case,) = current(tmp_path, newer, older)
    assert (case["primary_id"], case["quarter"], case["reactions"]) == (72, "2023Q2", ["newer"])


def test_a_version_that_reached_fda_later_wins_even_from_an_older_quarter(tmp_path):
    first = Archive("2023Q1").report(7, 3, fda_dt="20230501", reactions=["Late"])
    (case,) = current(tmp_path, first, Archive("2023Q2").report(7, 2, fda_dt="20230401"))
    assert (case["primary_id"], case["quarter"], case["reactions"]) == (73, "2023Q1", ["late"])


def test_the_same_report_in_two_quarters_is_not_mixed(tmp_path):
    first = Archive("2023Q1").report(7, 1, fda_dt="20230301", reactions=["A"])
    second = Archive("2023Q2").report(7, 1, fda_dt="20230301", reactions=["B"])
    (case,) = current(tmp_path, first, second)
    assert (case["reactions"], case["quarter"]) == (["b"], "2023Q2")


def test_deleted_cases_are_removed_whichever_quarter_lists_them(tmp_path):
    cases = current(
        tmp_path, Archive("2023Q1", deleted=[9]).report(7).report(8), Archive("2023Q2", deleted=[7]).report(9)
    )
    assert [case["case_id"] for case in cases] == [8]


def test_a_legacy_case_is_superseded_by_its_later_version_of_another_vintage(tmp_path):
    legacy = Archive("2012Q3").report(7, fda_dt="20120801", reactions=["DIARRHOEA"], sex="F")
    (case,) = current(tmp_path, legacy, Archive("2012Q4").report(7, 2, fda_dt="20121101", reactions=["Nausea"]))
    assert (case["quarter"], case["reactions"], case["case_version"]) == ("2012Q4", ["nausea"], 2)


reports = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 28), st.sampled_from(QUARTERS))


@settings(deadline=None, max_examples=10)
@given(
    st.lists(reports, min_size=1, max_size=12, unique_by=lambda report: (report[0], report[1], report[3])),
    st.dictionaries(st.sampled_from(QUARTERS), st.sets(st.integers(1, 4), max_size=2)),
)
def test_one_row_a_case_and_always_the_newest(tmp_path_factory, versions, deleted):
    """Against the rule written down plainly: latest receipt, highest number, newest quarter."""
    archives = [Archive(quarter, deleted=sorted(deleted.get(quarter, ()))) for quarter in QUARTERS]
    for case, version, day, quarter in versions:
        archives[QUARTERS.index(quarter)].report(case, version, fda_dt=f"202301{day:02d}")
    for number, archive in enumerate(archives):
        archive.report(100 + number)
    withdrawn = set().union(*deleted.values())
    expected = {
        case: max((day, int(f"{case}{version}"), quarter) for other, version, day, quarter in versions if other == case)
        for case in {case for case, *_ in versions} - withdrawn
    }
    found = current(tmp_path_factory.mktemp("newest"), *archives)
    kept = {case["case_id"]: (case["primary_id"], case["quarter"]) for case in found if case["case_id"] < 100}
    assert kept == {case: (report, quarter) for case, (_day, report, quarter) in expected.items()}


def test_two_archives_of_one_quarter_are_refused(tmp_path):
    first = Archive().report(1).write(tmp_path)
    second = Archive().report(2).write(tmp_path, "again_faers_ascii_2023q1.zip")
    with pytest.raises(ArchiveError, match=r"faers_ascii_2023q1.zip and again_.* are both of 2023Q1"):
        curate_archives([first, second], tmp_path / "quarters")
    assert not (tmp_path / "quarters").exists()


def test_no_archive_is_an_error(tmp_path):
    with pytest.raises(ArchiveError, match="name at least one"):
        curate_archives([], tmp_path / "quarters")
