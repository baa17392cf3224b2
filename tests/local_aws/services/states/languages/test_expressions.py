"""JSONata as Step Functions evaluates it.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.states.errors import EvaluationError
from local_aws.services.states.languages import expressions
from local_aws.services.states.languages.expressions import evaluate, expression_in, syntax_error

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def value_of(text: str, value: Any = None) -> Any:
    return evaluate("{% " + text + " %}", "Output", {"states": {"input": value}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$partition([1, 2, 3, 4], 3)", [[1, 2, 3], [4]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('content')", hashlib.sha256(b"content").hexdigest()),
        ("$hash('content', 'MD5')", hashlib.md5(b"content").hexdigest()),
        ("$hash('content', 'SHA-512')", hashlib.sha512(b"content").hexdigest()),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$random(7) = $random(7)", True),
        ("$count($range(1, 1000, 1))", 1000),
        ("10 / 2", 5),
        ("1 / 4", 0.25),
        ("$states.input.a.b", None),
        ("$exists($states.input.a.c)", False),
        ("$states.input.a = {'b': null}", True),
        ("$merge([$states.input, {'c': null}])", {"a": {"b": None}, "c": None}),
    ],
)
def test_value(text: str, expected: Any) -> None:
    assert value_of(text, {"a": {"b": None}}) == expected


def test_uuid_and_random_differ_from_call_to_call() -> None:
    first, second = value_of("[$uuid(), $uuid()]")
    assert uuid.UUID(first).version == uuid.UUID(second).version == 4
    assert first != second
    assert 0 <= value_of("$random()") < 1


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("$states.input.none", "returned nothing (undefined)."),
        ("$partition([1], 0)", "returned nothing (undefined)."),
        ("$range(1, 5)", "returned nothing (undefined)."),
        ("function($x) { $x }", "returned an unsupported result type."),
        ("1 + 'a'", 'threw an error during evaluation. T2002: The right side of the "+" operator must evaluate'),
        ("$parse('nope')", "threw an error during evaluation: D3137"),
        ("$eval('1')", "threw an error during evaluation: $eval is not supported"),
        ("$hash('a', 'CRC')", "threw an error during evaluation: D3137"),
        ("$range(1, 400000, 1)", "threw an error during evaluation: Expression evaluation memory limit exceeded"),
        ('$parse(\'{"a": 1, "a": 2}\')', "threw an error during evaluation: D3137: Invalid JSON"),
        ("$hash('a', 'sha-256')", "threw an error during evaluation: D3137"),
        (
            "'a' < 1",
            'threw an error during evaluation. T2009: The values "a" and 1 either side of operator "<" must be',
        ),
        (
            "$sum('a')",
            'threw an error during evaluation. T0412: Argument 1 of function "sum" must be an array of "numbers"',
        ),
        ("+".join(["1"] * 101), "threw an error during evaluation. D1011: Stack overflow"),
        (
            "$formatBase(1, 99)",
            "threw an error during evaluation. D3100: The radix of the formatBase function must be "
            "between 2 and 36.  It was given 99",
        ),
        ("$substring(null, 1)", "threw an error during evaluation. T0410: Argument of function does not"),
        ("$error('said so')", "threw an error during evaluation. D3137: said so"),
    ],
)
def test_failure(text: str, cause: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value_of(text)
    assert caught.value.error == "States.QueryEvaluationError"
    assert f"The JSONata expression '{text}' specified for the field 'Output' {cause}" in str(caught.value.cause)


def test_an_expression_may_nest_a_hundred_deep() -> None:
    """Measured on AWS: 100 terms of a sum are taken, 101 are not; a function that calls itself nests 3n + 5."""
    assert value_of("+".join(["1"] * 100)) == 100
    recursive = "($f := function($n){ $n = 0 ? 0 : 1 + $f($n - 1) }; $f(31))"
    assert value_of(recursive) == 31


def test_an_expression_that_does_not_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "MAX_MILLISECONDS", 50)
    with pytest.raises(EvaluationError, match="D1012: Evaluation timeout after 50 milliseconds"):
        value_of("($f := function($n){ $f($n + 1) }; $f(1))")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$states.input.l[$ > 1]", [2, 3]),
        ('$states.input.s & "\'"', "a\"b'c'"),
        ("$states.input.l[-1]", 3),
        ("$exists($states.input.n)", True),
        ("$type($states.input.n)", "null"),
        ("{'a': $states.input.none, 'b': null}", {"b": None}),
    ],
)
def test_predicates_quotes_and_nulls(text: str, expected: Any) -> None:
    assert value_of(text, {"l": [1, 2, 3], "s": "a\"b'c", "n": None}) == expected


def test_the_location_leads_to_the_field() -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate({"list": [1, {"deep": "{% $missing %}"}]}, "Arguments", {})
    assert caught.value.location == "Arguments/list[1]/deep"


@pytest.mark.parametrize("text", ["plain", "{% open", "close %}", "a {% 1 %}", "{% 1 %} b", "{$ 1 $}"])
def test_other_text_is_no_expression(text: str) -> None:
    assert expression_in(text) is None
    assert evaluate(text, "Output", {}) == text


@given(json_values)
def test_any_json_value_passes_through_unchanged(value: Any) -> None:
    found = value_of("$states.input", value)
    assert json.dumps(found) == json.dumps(normal(value))


def normal(value: Any) -> Any:
    """JSONata has one kind of number: a whole one is written without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [normal(part) for part in value]
    if isinstance(value, dict):
        return {key: normal(part) for key, part in value.items()}
    return value


def test_a_number_out_of_range_is_named() -> None:
    """jsonata-js: S0102 is "Number out of range: {{token}}"."""
    assert syntax_error("[1, 1e1000]") == "Number out of range: 1e1000"
