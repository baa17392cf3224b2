from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vigil.scoring.batches import Left, batches, labels_of


def row(case: int, **changes: Any) -> dict[str, Any]:
    usual = {"case_id": case, "reactions": ["nausea"], "drugs": ["x"], "age_years": 40.0, "weight_kg": None, "sex": "F",
             "reporter_country": "US", "serious": case % 3 == 0}  # fmt: skip
    return usual | changes


@given(count=st.integers(0, 40), size=st.integers(1, 12))
def test_every_case_is_in_one_batch_in_order_and_the_ids_are_the_same_each_time(count: int, size: int) -> None:
    made = [list(batches("2024Q1", map(row, range(count)), size, Left())) for _ in range(2)]
    assert made[0] == made[1]
    assert [report.case_id for batch in made[0] for report in batch.reports] == [str(case) for case in range(count)]
    assert all(len(batch.reports) <= size for batch in made[0])
    identities = [batch.inference_id for batch in made[0]]
    assert len(set(identities)) == len(identities)
    assert all(len(identity) <= 64 for identity in identities)


def test_another_quarter_or_another_cut_has_other_ids() -> None:
    first, other, cut = (
        {batch.inference_id for batch in batches(quarter, map(row, range(10)), size, Left())}
        for quarter, size in (("2024Q1", 5), ("2024Q2", 5), ("2024Q1", 4))
    )
    assert not first & other and not first & cut


def test_the_label_is_not_in_what_is_scored() -> None:
    (batch,) = batches("2024Q1", [row(3)], 5, Left())
    assert "serious" not in batch.reports[0].model_dump_json()
    assert "serious" not in repr(batch)
    assert batch.serious == {"3": True}


def test_a_row_that_is_no_report_is_counted_by_field_and_passed_over() -> None:
    left = Left()
    (batch,) = batches("2024Q1", [row(1, age_years=999.0), row(2)], 5, left)
    assert [report.case_id for report in batch.reports] == ["2"]
    assert left.fields == {"age_years": 1}


@given(small=st.floats(0, 1), large=st.floats(0, 1))
def test_a_larger_share_labels_the_same_cases_and_more(small: float, large: float) -> None:
    (batch,) = batches("2024Q1", map(row, range(60)), 100, Left())
    few, many = (labels_of(batch, share) for share in sorted((small, large)))
    assert few.items() <= many.items() <= batch.serious.items()


def test_the_shares_ends_are_none_and_all_and_the_middle_is_about_half() -> None:
    (batch,) = batches("2024Q1", map(row, range(400)), 400, Left())
    assert (labels_of(batch, 0.0), labels_of(batch, 1.0)) == ({}, batch.serious)
    assert 150 < len(labels_of(batch, 0.5)) < 250
