from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from curated_rows import curated_rows
from faers_archives import Archive
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.cases.parquet import ROW_GROUP_ROWS, write_rows
from vigil.cases.schema import CURATED_SCHEMA


def curated(folder: Path, archive: Archive) -> list[dict[str, Any]]:
    return curated_rows(archive.write(folder / "archives"), folder)


def test_the_latest_receipt_wins(tmp_path):
    quarter = Archive().report(7, 2, fda_dt="20230301", reactions=["Newer"])
    (case,) = curated(tmp_path, quarter.report(7, 3, fda_dt="20230201", reactions=["Older"]))
    assert (case["primary_id"], case["quarter"], case["reactions"]) == (72, "2023Q1", ["newer"])


def test_a_receipt_on_no_calendar_day_is_no_row(tmp_path):
    (case,) = curated(tmp_path, Archive().report(7, 1, fda_dt="20230101").report(7, 2, fda_dt="20230231"))
    assert (case["primary_id"], case["received_date"]) == (71, "2023-01-01")


def test_a_tie_goes_to_the_numerically_highest_report(tmp_path):
    quarter = Archive().report(7, 9, fda_dt="20230301").report(7, 10, fda_dt="20230301")
    (case,) = curated(tmp_path, quarter)
    assert (case["case_version"], case["primary_id"]) == (10, 710)


def test_child_rows_of_superseded_versions_are_left_behind(tmp_path):
    quarter = Archive().report(7, 1, fda_dt="20230101", outcomes=["DE"], reactions=["Death"])
    (case,) = curated(tmp_path, quarter.report(7, 2, fda_dt="20230201", reactions=["Nausea"]))
    assert (case["serious"], case["outcomes"], case["reactions"]) == (False, [], ["nausea"])


def test_deleted_cases_are_removed(tmp_path):
    cases = curated(tmp_path, Archive(deleted=[7]).report(7).report(8))
    assert [case["case_id"] for case in cases] == [8]


def test_any_outcome_row_makes_a_case_serious(tmp_path):
    cases = curated(tmp_path, Archive().report(1).report(2, outcomes=["HO", "DE", "HO"]).report(3, outcomes=[""]))
    assert [(case["serious"], case["outcomes"]) for case in cases] == [(False, []), (True, ["DE", "HO"]), (True, [])]


def test_terms_are_lower_case_distinct_trimmed_and_sorted(tmp_path):
    drugs = [("PS", " Aspirin "), ("SS", "ASPIRIN"), ("C", "Ibuprofen"), ("I", "WARFARIN"), ("PS", " ")]
    quarter = Archive().report(
        1, reactions=["Pain", "NAUSEA", " pain ", "Back  pain", ""], drugs=drugs, indications=["Pain"]
    )
    (case,) = curated(tmp_path, quarter)
    assert case["reactions"] == ["back pain", "nausea", "pain"]
    assert case["drugs"] == ["aspirin", "ibuprofen", "warfarin"]
    assert case["suspect_drugs"] == ["aspirin"]
    assert case["indications"] == ["pain"]


def test_a_case_without_child_rows_has_empty_lists(tmp_path):
    (case,) = curated(tmp_path, Archive().report(1, reactions=[], drugs=[]))
    assert [case[name] for name in ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")] == [[]] * 5


def column_of(folder: Path, column: str, reports: Sequence[dict[str, object]]) -> list[Any]:
    """One curated column for reports that differ in some fields; one curation is enough for all of them."""
    quarter = Archive()
    for number, fields in enumerate(reports, 1):
        quarter.report(number, **fields)  # type: ignore[arg-type]
    return [case[column] for case in curated(folder, quarter)]


AGES = [
    ("61", "YR", 61.0), ("6", "DEC", 60.0), ("18", "MON", 1.5), ("10950", "DY", 10950 / 365.25),
    ("24", "HR", 24 / 8766), (" 61.5 ", " yr ", 61.5), ("0", "YR", 0.0), ("300", "YR", None),
    ("-1", "YR", None), ("61", "", None),
    ("61", "XX", None), ("old", "YR", None), ("", "YR", None), ("nan", "YR", None), ("1e400", "YR", None),
    ("5d", "YR", None), ("1_0", "YR", None), ("inf", "YR", None), ("61.", "YR", 61.0), ("\u0663", "YR", None),
]  # fmt: skip


def test_ages_are_years(tmp_path):
    found = column_of(tmp_path, "age_years", [{"age": age, "age_cod": unit} for age, unit, _ in AGES])
    assert found == [None if years is None else pytest.approx(years) for _, _, years in AGES]


WEIGHTS = [
    ("70", "KG", 70.0), ("154.5", "LBS", 70.0800216), ("3500", "GMS", 3.5), ("0", "KG", None), ("900", "KG", None),
    ("7", "", None),
]  # fmt: skip


def test_weights_are_kilograms(tmp_path):
    found = column_of(tmp_path, "weight_kg", [{"wt": weight, "wt_cod": unit} for weight, unit, _ in WEIGHTS])
    assert found == [None if weight is None else pytest.approx(weight) for _, _, weight in WEIGHTS]


EVENTS = {
    "20221231": "2022-12-31", "2003": None, "201507": None, "20220230": None, "10150101": None, "": None,
    "20230102": None, "2022123": None, "2022-1-1": None, "00000101": None, "2022123A": None,
}  # fmt: skip


def test_an_event_date_is_whole_and_possible_or_null(tmp_path):
    """The reports are received on 2023-01-01."""
    found = column_of(tmp_path, "event_date", [{"event_dt": text} for text in EVENTS])
    assert found == list(EVENTS.values())


def test_a_case_with_half_a_date_is_kept(tmp_path):
    assert column_of(tmp_path, "received_date", [{"event_dt": "2003"}]) == ["2023-01-01"]


def test_a_sex_is_f_m_or_null(tmp_path):
    found = column_of(tmp_path, "sex", [{"sex": code} for code in ("F", " m ", "UNK", "NS", "", "\u00df")])
    assert found == ["F", "M", None, None, None, None]


def test_codes_and_texts_are_trimmed_and_blank_is_null(tmp_path):
    (case,) = curated(
        tmp_path,
        Archive().report(
            1, reporter_country="us ", occr_country="COUNTRY NOT SPECIFIED", mfr_sndr="  Acme   Corp ", lit_ref=" "
        ),
    )
    assert (case["reporter_country"], case["occurrence_country"]) == ("US", None)
    assert (case["sender"], case["literature_reference"]) == ("Acme Corp", None)


def test_countries_are_two_letters_whether_named_or_coded(tmp_path):
    names = ["UNITED STATES", "US", " united states ", "EU", "COUNTRY NOT SPECIFIED", ""]
    found = column_of(tmp_path, "reporter_country", [{"reporter_country": name} for name in names])
    assert found == ["US", "US", "US", "EU", None, None]


def test_every_case_leads_back_to_its_line(tmp_path):
    cases = curated(tmp_path, Archive("2023Q1").report(5).report(3))
    assert [(case["case_id"], case["source_archive"], case["source_table"], case["source_line"]) for case in cases] == [
        (3, "faers_ascii_2023q1.zip", "DEMO", 3),
        (5, "faers_ascii_2023q1.zip", "DEMO", 2),
    ]


def test_columns_are_those_of_the_contract(tmp_path):
    curated(tmp_path, Archive().report(1))
    stored = pq.read_schema(tmp_path / "curated.parquet")
    assert stored.names == CURATED_SCHEMA.names
    assert stored.field("case_id").type == CURATED_SCHEMA.field("case_id").type


reports = st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 28))


@settings(deadline=None, max_examples=8)
@given(st.lists(reports, min_size=1, max_size=8, unique_by=lambda report: report[:2]), st.sets(st.integers(1, 4)))
def test_one_row_a_case_and_always_the_newest(tmp_path_factory, versions, deleted):
    quarter = Archive(deleted=sorted(deleted))
    for case, version, day in versions:
        quarter.report(case, version, fda_dt=f"202301{day:02d}")
    expected = {
        case: max(((day, int(f"{case}{version}")) for other, version, day in versions if other == case))[1]
        for case in {case for case, _, _ in versions} - deleted
    }
    found = curated(tmp_path_factory.mktemp("newest"), quarter)
    assert {case["case_id"]: case["primary_id"] for case in found} == expected


def test_the_same_archive_gives_the_same_bytes(tmp_path):
    quarter = Archive("2023Q1")
    for case in range(1, 300):
        quarter.report(case, reactions=[f"Term {case % 7}", "Pain"], age=case % 90, age_cod="YR")
    for name in ("a", "b"):
        curated(tmp_path / name, quarter)
    assert (tmp_path / "a/curated.parquet").read_bytes() == (tmp_path / "b/curated.parquet").read_bytes()


def test_bytes_do_not_depend_on_how_rows_arrive(tmp_path):
    rows = CURATED_SCHEMA.empty_table().from_pylist(
        [{"case_id": n, "reactions": ["pain"]} for n in range(ROW_GROUP_ROWS + 10)], schema=CURATED_SCHEMA
    )
    write_rows([rows], CURATED_SCHEMA, tmp_path / "once.parquet")
    parts = [rows.slice(start, 7001) for start in range(0, rows.num_rows, 7001)]
    write_rows(parts, CURATED_SCHEMA, tmp_path / "parts.parquet")
    assert (tmp_path / "once.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()
