"""What a Map, a Task and a Wait ask of either query language: numbers, times, templates.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html; texts for JSONPath as recorded on AWS.
"""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.services.states.errors import StateError
from local_aws.services.states.languages.known import LANGUAGES
from local_aws.services.states.languages.query_language import Scope

PATH, ATA = LANGUAGES["JSONPath"], LANGUAGES["JSONata"]
INPUT = {"n": 5, "text": "7", "bad": "x", "half": 0.5, "less": -1, "zero": 0, "in": {"n": 6}, "list": [1]}
SCOPE = Scope(INPUT, {"Execution": {"Name": "run"}}, {"v": 8})


@pytest.mark.parametrize(
    ("language", "state", "field", "expected"),
    [
        (PATH, {"MaxConcurrency": 3}, "MaxConcurrency", 3),
        (PATH, {"MaxConcurrencyPath": "$.n"}, "MaxConcurrency", 5),
        (PATH, {"MaxConcurrencyPath": "$.n", "InputPath": "$.in"}, "MaxConcurrency", 6),
        (PATH, {"MaxConcurrencyPath": "$v"}, "MaxConcurrency", 8),
        (PATH, {"ToleratedFailureCountPath": "$.text"}, "ToleratedFailureCount", 7),
        (PATH, {"SecondsPath": "$.zero"}, "Seconds", 0),
        (PATH, {}, "TimeoutSeconds", None),
        (ATA, {"MaxConcurrency": "{% $states.input.n + $v %}"}, "MaxConcurrency", 13),
        (ATA, {"TimeoutSeconds": 2}, "TimeoutSeconds", 2),
        (ATA, {}, "TimeoutSeconds", None),
    ],
)
def test_whole_number(language: Any, state: dict[str, Any], field: str, expected: int | None) -> None:
    assert language.whole_number(state, field, SCOPE) == expected


@pytest.mark.parametrize(
    ("state", "field", "cause"),
    [
        ({"MaxItemsPath": "$.bad"}, "MaxItems", 'refers to value "x" which is not a valid integer: $.bad'),
        ({"MaxItemsPath": "$.half"}, "MaxItems", 'refers to value "0.5" which is not a valid integer: $.half'),
        ({"ToleratedFailureCountPath": "$.less"}, "ToleratedFailureCount", "ToleratedFailureCount cannot be negative."),
        ({"MaxConcurrencyPath": "$.none"}, "MaxConcurrency", "Invalid path '$.none' : No results for path: $['none']"),
        ({"SecondsPath": "$.less"}, "Seconds", "The SecondsPath parameter references a negative value: $.less == -1"),
        ({"SecondsPath": "$.list"}, "Seconds", "cannot be parsed as a long value: $.list == [1]"),
        ({"TimeoutSecondsPath": "$.zero"}, "TimeoutSeconds", "must be greater than zero: $.zero == 0"),
    ],
)
def test_jsonpath_refuses_what_is_no_such_number(state: dict[str, Any], field: str, cause: str) -> None:
    with pytest.raises(StateError) as caught:
        PATH.whole_number(state, field, SCOPE)
    assert (caught.value.error, caught.value.terminal) == ("States.Runtime", True)
    assert cause in str(caught.value.cause)


@pytest.mark.parametrize(
    ("language", "state", "expected"),
    [
        (PATH, {"ToleratedFailurePercentage": 12.5}, 12.5),
        (PATH, {"ToleratedFailurePercentagePath": "$.half"}, 0.5),
        (PATH, {"ToleratedFailurePercentagePath": "$.text"}, 7.0),
        (PATH, {}, None),
        (ATA, {"ToleratedFailurePercentage": "{% $states.input.half %}"}, 0.5),
        (ATA, {}, None),
    ],
)
def test_number(language: Any, state: dict[str, Any], expected: float | None) -> None:
    assert language.number(state, "ToleratedFailurePercentage", SCOPE) == expected


@pytest.mark.parametrize(
    ("language", "state", "error", "cause"),
    [
        (PATH, {"ToleratedFailurePercentagePath": "$.bad"}, "States.Runtime", '"x" which is not a valid float: $.bad'),
        (PATH, {"ToleratedFailurePercentagePath": "$.less"}, "States.Runtime", "must be between 0 and 100."),
        (
            ATA,
            {"ToleratedFailurePercentage": "{% 101 %}"},
            "States.QueryEvaluationError",
            "The field 'ToleratedFailurePercentage' must be between 0 and 100: 101",
        ),
    ],
)
def test_percentages_end_at_a_hundred(language: Any, state: dict[str, Any], error: str, cause: str) -> None:
    with pytest.raises(StateError) as caught:
        language.number(state, "ToleratedFailurePercentage", SCOPE)
    assert caught.value.error == error
    assert cause in str(caught.value.cause)


def test_a_template_is_the_input_where_there_is_none() -> None:
    assert PATH.value({"Parameters": {"a.$": "$.n", "b": "$.n"}}, "Parameters", SCOPE) == {"a": 5, "b": "$.n"}
    assert PATH.value({"InputPath": "$.in"}, "Parameters", SCOPE) == {"n": 6}
    assert ATA.value({"Arguments": {"a": "{% $v %}"}}, "Arguments", SCOPE) == {"a": 8}
    assert ATA.value({}, "Arguments", SCOPE) == INPUT


@pytest.mark.parametrize("field", ["TimeoutSeconds", "HeartbeatSeconds"])
def test_jsonata_time_outs_are_at_least_a_second(field: str) -> None:
    with pytest.raises(StateError, match=f"The field '{field}' must be a whole number of at least 1: 0"):
        ATA.whole_number({field: "{% 0 %}"}, field, SCOPE)


def test_moments() -> None:
    state = {"Timestamp": "1970-01-01T00:00:01.5Z"}
    assert PATH.moment(state, "Timestamp", SCOPE) == ATA.moment(state, "Timestamp", SCOPE) == 1.5
    assert PATH.moment({}, "Timestamp", SCOPE) is ATA.moment({}, "Timestamp", SCOPE) is None
    with pytest.raises(StateError, match="The field 'Timestamp' is not a time of RFC 3339"):
        ATA.moment({"Timestamp": "{% '1970-01-01' %}"}, "Timestamp", SCOPE)


def test_a_cause_that_is_no_text_ends_the_execution() -> None:
    with pytest.raises(StateError, match="The field 'CausePath' must refer to a string"):
        PATH.text({"CausePath": "$.n"}, "Cause", SCOPE)
