from __future__ import annotations

import pyarrow as pa

from vigil.cases.models import CaseReport
from vigil.monitoring.observed import OBSERVED, observed, observed_batches, observed_table
from vigil.scoring.models import CaseScore

CASE = CaseReport(
    case_id="1", reactions=("rash", "rash", "fever"), drugs=("aspirin",), age_years=40.5, sex="F",
    reporter_country="US", reporter_occupation="MD", sender="PFIZER",
)  # fmt: skip
SCORE = CaseScore(case_id="1", probability=0.7, uncertainty=0.02, band="high", terms=())


def test_a_scored_case_is_one_row_and_a_repeated_term_counts_once() -> None:
    table = observed([(CASE, SCORE)])
    assert table.schema == OBSERVED
    (row,) = table.to_pylist()
    assert row["reactions"] == ["rash", "fever"]
    assert (row["reaction_count"], row["drug_count"], row["weight_kg"], row["sender"]) == (2, 1, None, "PFIZER")
    assert (row["probability"], row["uncertainty"], row["band"]) == (0.7, 0.02, "high")


def test_every_field_that_a_case_tells_is_observed_but_its_number() -> None:
    assert set(CaseReport.model_fields) - {"case_id"} <= set(OBSERVED.names)


def test_batches_are_no_larger_than_asked_for_and_lose_no_case() -> None:
    batches = list(observed_batches([(CASE, SCORE)] * 7, rows=3))
    assert [batch.num_rows for batch in batches] == [3, 3, 1]
    assert list(observed_batches([])) == []


def test_of_curated_rows_only_what_a_monitor_sees_is_kept_and_the_counts_are_added() -> None:
    table = observed_table(pa.table({"case_id": [1, 2], "serious": [True, False], "reactions": [["a", "b"], None]}))
    assert table.to_pydict() == {"reactions": [["a", "b"], None], "reaction_count": [2, 0]}
