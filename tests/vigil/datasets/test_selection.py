from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from vigil.cases.quarter import Quarter
from vigil.datasets.selection import (
    SelectionError,
    TooFewQuartersError,
    quarter_ended_before,
    refuse_step_back,
    up_to,
)


@dataclass(frozen=True)
class Landed:
    quarter: str


LANDED = [Landed(quarter) for quarter in ("2023Q3", "2023Q4", "2024Q1")]


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2024, 2, 15), "2023Q4"),
        (date(2024, 5, 15), "2024Q1"),
        (date(2024, 1, 1), "2023Q4"),
        (date(2023, 12, 31), "2023Q3"),
    ],
)
def test_a_day_is_about_the_quarter_that_had_ended(day, quarter):
    assert str(quarter_ended_before(day)) == quarter


def test_a_dataset_as_of_a_quarter_has_no_later_one():
    assert [archive.quarter for archive in up_to(LANDED, Quarter(2023, 4))] == ["2023Q3", "2023Q4"]


def test_a_quarter_that_has_not_landed_is_named_with_those_that_have():
    with pytest.raises(SelectionError, match=r"2024Q2 has not landed \(there are: 2023Q3, 2023Q4, 2024Q1\)"):
        up_to(LANDED, Quarter(2024, 2))


def test_the_oldest_quarter_alone_is_too_few():
    with pytest.raises(TooFewQuartersError, match="2023Q3 is the oldest"):
        up_to(LANDED, Quarter(2023, 3))


def test_a_dataset_that_ends_before_the_last_release_is_refused():
    with pytest.raises(SelectionError, match="2024Q1 is older than 2024Q2"):
        refuse_step_back(LANDED, ["2023Q4", "2024Q2"])


@pytest.mark.parametrize("released", [[], ["2023Q4", "2024Q1"], ["2023Q1"]])
def test_the_same_or_a_later_end_is_fine(released):
    refuse_step_back(LANDED, released)
