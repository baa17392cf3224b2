from datetime import date

import pytest

from vigil.cases.quarter import Quarter, QuarterError, quarter_range


def test_a_quarter_reads_back_as_written():
    assert str(Quarter.parse(" 2023q1 ")) == "2023Q1"
    assert Quarter.parse("2023Q1").short == "23Q1"


def test_quarters_are_ordered_by_time():
    assert Quarter.parse("2022Q4") < Quarter.parse("2023Q1")


def test_a_quarter_knows_its_days():
    quarter = Quarter.parse("2023Q4")
    assert (quarter.first_day, quarter.last_day) == (date(2023, 10, 1), date(2023, 12, 31))


def test_a_range_crosses_the_year():
    assert [str(quarter) for quarter in quarter_range("2023Q3:2024Q2")] == ["2023Q3", "2023Q4", "2024Q1", "2024Q2"]


@pytest.mark.parametrize("text", ["2023", "2023Q5", "23Q1", "", "2023Q1:2022Q4", "2023Q1:", ":2023Q1"])
def test_what_is_no_quarter_or_range_is_refused(text):
    with pytest.raises(QuarterError):
        quarter_range(text)
