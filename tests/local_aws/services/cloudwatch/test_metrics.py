"""Statistics, metric math and rules of composite alarms.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.cloudwatch import alarm_rules
from local_aws.services.cloudwatch.math_expressions import Environment, parsed
from local_aws.services.cloudwatch.math_functions import MathError, Timeline
from local_aws.services.cloudwatch.metrics import Sample, sample_of_values
from local_aws.services.cloudwatch.statistics import check, value_of

M1 = {0.0: 1.0, 60.0: 4.0, 120.0: 9.0}
M2 = {0.0: 2.0, 120.0: 0.0}


def computed(expression: str) -> Any:
    node, _ = parsed(expression)
    return node(Environment({"m1": M1, "m2": M2}, Timeline([0.0, 60.0, 120.0, 180.0], 60)))


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 4)), min_size=1, max_size=8))
def test_values_with_counts_are_values_that_came_as_often(pairs: list[tuple[int, int]]) -> None:
    sample = sample_of_values(0.0, "None", [float(value) for value, _ in pairs], [float(times) for _, times in pairs])
    every = [float(value) for value, times in pairs for _ in range(times)]
    singly = [sample_of_values(0.0, "None", [value], [1.0]) for value in every]
    for statistic in ("SampleCount", "Sum", "Average", "Minimum", "Maximum", "p90", "p12.5", "tm50", "tc99"):
        assert value_of(statistic, [sample]) == pytest.approx(value_of(statistic, singly))
    assert value_of("Average", [sample]) == pytest.approx(statistics.fmean(every))
    assert value_of("p50", [sample]) == pytest.approx(statistics.median(every))


def test_summary_of_several_values_has_no_percentile() -> None:
    summary = Sample(0.0, "None", (), 4, 10, 1, 4)
    assert value_of("Average", [summary]) == 2.5
    assert value_of("p99", [summary]) is None
    assert value_of("p99", [Sample(0.0, "None", (), 3, 6, 2, 2)]) == 2
    assert value_of("Sum", []) is None
    for unknown in ("Median", "p101", "PR(1:2)"):
        with pytest.raises(ValueError, match="is none of"):
            check(unknown)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", {0.0: 3.0, 120.0: 9.0}),
        ("m1 / m2", {0.0: 0.5}),
        ("100 * (m1 / SUM(m1))", {0.0: 100 / 14, 60.0: 400 / 14, 120.0: 900 / 14}),
        ("-m1 ^ 2 + 1", {0.0: 2.0, 60.0: 17.0, 120.0: 82.0}),
        ("m1 > 3 AND m1 < 9", {0.0: 0.0, 60.0: 1.0, 120.0: 0.0}),
        ("FILL(m2, 7)", {0.0: 2.0, 60.0: 7.0, 120.0: 0.0, 180.0: 7.0}),
        ("FILL(m2, REPEAT)", {0.0: 2.0, 60.0: 2.0, 120.0: 0.0, 180.0: 0.0}),
        ("FILL(m2, LINEAR)", {0.0: 2.0, 60.0: 1.0, 120.0: 0.0}),
        ("IF(m1 > 3, m1, 0)", {0.0: 0.0, 60.0: 4.0, 120.0: 9.0}),
        ("IF(m1 > 3, m1)", {60.0: 4.0, 120.0: 9.0}),
        ("SUM([m1, m2])", {0.0: 3.0, 60.0: 4.0, 120.0: 9.0}),
        ("MAX([m1, m2])", {0.0: 2.0, 60.0: 4.0, 120.0: 9.0}),
        ("RATE(m1)", {60.0: 0.05, 120.0: 5 / 60}),
        ("DIFF(m1)", {60.0: 3.0, 120.0: 5.0}),
        ("m1 / PERIOD(m1)", {0.0: 1 / 60, 60.0: 4 / 60, 120.0: 9 / 60}),
        ("AVG(m1) * 3", 14.0),
        ("1e2 - .5", 99.5),
    ],
)
def test_metric_math(expression: str, expected: Any) -> None:
    assert computed(expression) == pytest.approx(expected)


@pytest.mark.parametrize(
    "expression", ["SEARCH('x', 'Sum')", "m1 +", "(m1", "ANOMALY_DETECTION_BAND(m1)", "m1 m2", "[m1] + 1"]
)
def test_math_that_is_not_provided_is_refused(expression: str) -> None:
    with pytest.raises(MathError):
        computed(expression)


STATES = {"a": "ALARM", "b b": "OK", "c": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', True),
        ("ALARM(a) AND OK(c)", False),
        ('ALARM("a") AND NOT ALARM("b b")', True),
        ('OK("a") OR OK("b b") AND INSUFFICIENT_DATA(c)', True),
        ('(OK("a") OR OK("b b")) AND ALARM(c)', False),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", True),
        ('AT_LEAST(2, NOT OK, ("a", "b b", "c"))', True),
        ('AT_LEAST(50%, ALARM, ("a", "b b", "c"))', False),
        ("TRUE AND NOT FALSE", True),
    ],
)
def test_rule_of_a_composite_alarm(rule: str, expected: bool) -> None:
    assert alarm_rules.parsed(rule).holds(STATES) is expected


@pytest.mark.parametrize("rule", ["", "ALARM", 'ALARM("a"', 'ALARM("a") AND', "MAYBE(a)", 'ALARM("a") OK("b")'])
def test_text_that_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError):
        alarm_rules.parsed(rule)
