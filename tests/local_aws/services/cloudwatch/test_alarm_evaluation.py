"""The state that follows from datapoints.

Source: the tables of "Configuring how CloudWatch alarms treat missing data",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.cloudwatch.alarm_evaluation import state_of

POINTS = {"0": 0.0, "X": 9.0, "-": None}
RETAINED = "retained"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def state(points: str, to_alarm: int, missing: str, periods: int = 3) -> str:
    return state_of(
        [POINTS[point] for point in points.split()],
        lambda value: value > 5,
        periods=periods,
        to_alarm=to_alarm,
        missing=missing,
        current=RETAINED,
    )


@pytest.mark.parametrize(
    ("points", "to_alarm", "expected"),
    [
        # Three of three.
        ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - 0", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - -", 3, ("INSUFFICIENT_DATA", RETAINED, "ALARM", "OK")),
        ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", 3, ("ALARM", RETAINED, "ALARM", "OK")),
        # Two of three.
        ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", 2, ("ALARM", RETAINED, "ALARM", "OK")),
    ],
)
def test_tables_of_the_manual(points: str, to_alarm: int, expected: tuple[str, ...]) -> None:
    assert tuple(state(points, to_alarm, missing) for missing in TREATMENTS) == expected


@given(
    st.lists(st.sampled_from(["0", "X"]), min_size=5, max_size=5),
    st.integers(1, 3),
    st.sampled_from(TREATMENTS),
)
def test_without_missing_data_the_treatment_does_not_matter(points: list[str], to_alarm: int, missing: str) -> None:
    expected = "ALARM" if points[-3:].count("X") >= to_alarm else "OK"
    assert state(" ".join(points), to_alarm, missing) == expected
