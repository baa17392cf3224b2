"""Intrinsic functions: their syntax, limits and refusals.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html; texts as recorded on AWS.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.states.errors import StateError
from local_aws.services.states.languages.intrinsic_syntax import ARITIES, IntrinsicSyntaxError, parse_call
from local_aws.services.states.languages.intrinsics import evaluate_intrinsic
from local_aws.services.states.languages.query_language import Scope

SCOPE = Scope(None, {"Execution": {"Name": "run"}}, {"v": {"n": 3}})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
numbers = st.integers(-(2**29), 2**29)


def value_of(text: str, document: Any = None) -> Any:
    return evaluate_intrinsic(text, {} if document is None else document, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.Array()", []),
        ("States.Array( 1 , 'a' , $.l[0] )", [1, "a", 1]),
        ("States.Array($v.n, $$.Execution.Name, -1.5e1)", [3, "run", -15.0]),
        ("States.Array($.l[?(@ > 1 && @ < 3)], $['a,b'])", [[2], "comma"]),
        ("States.ArrayPartition($.l, 2.4)", [[1, 2], [3]]),
        ("States.ArrayContains($.l, 1.0)", True),
        ("States.ArrayContains($.l, true)", False),
        ("States.ArrayContains($.objects, $.objects[0])", True),
        ("States.ArrayRange(10, 1, -3)", [10, 7, 4, 1]),
        ("States.ArrayRange(0.6, 3.4, 1)", [1, 2, 3]),
        ("States.ArrayUnique($.mixed)", [1, "1", True, None, [1]]),
        ("States.MathAdd(0.5, -0.5)", 1),
        ("States.MathRandom(1, 100, 42)", value_of("States.MathRandom(1, 100, 42)")),
        ("States.StringSplit('a,,b', ',')", ["a", "b"]),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        (r"States.Format('\'{}\' \{\} \\', 1)", "'1' {} \\"),
        ("States.Format('{} {}', $.objects, $$.Execution)", "[{a=1}] {Name=run}"),
        ("States.StringSplit('Hello\nWorld', '\n')", ["Hello", "World"]),
        ("States.Hash($.objects[0], 'MD5')", "bb6cb5c68df4652941caf652a366f2d8"),
    ],
)
def test_value(text: str, expected: Any) -> None:
    document = {
        "l": [1, 2, 3],
        "a,b": "comma",
        "objects": [{"a": 1}],
        "mixed": [1, "1", 1.0, True, None, None, [1], [1.0]],
    }
    assert json.dumps(value_of(text, document)) == json.dumps(expected)


@pytest.mark.parametrize(
    "call",
    [
        "ArrayPartition($.l, 0)",
        "ArrayPartition($.l, 0.6)",
        "ArrayPartition('a', 1)",
        "ArrayContains(1, 1)",
        "ArrayRange(1, 1001, 1)",
        "ArrayRange(1, 2, 0)",
        "ArrayRange('a', 5, 1)",
        "ArrayGetItem($.l, 3)",
        "ArrayGetItem($.l, -1)",
        "ArrayLength('abc')",
        "ArrayUnique($.o)",
        "Base64Encode($.long)",
        "Base64Decode('no base64')",
        "Hash('a', 'CRC')",
        "Hash($.long, 'MD5')",
        "JsonMerge($.o, $.o, true)",
        "JsonMerge($.o, $.l, false)",
        "MathAdd(2147483647, 1)",
        "MathAdd('1', 1)",
        "MathAdd(true, 1)",
        "MathRandom(1, 1)",
        "MathRandom(1, 10, null)",
        "StringSplit(1, ',')",
        "StringToJson('nope')",
        "StringToJson($.o)",
        "Format($.l)",
    ],
)
def test_arguments_that_are_refused(call: str) -> None:
    with pytest.raises(StateError) as caught:
        value_of(f"States.{call}", {"l": [1, 2, 3], "o": {}, "long": "x" * 10_001})
    name = call.partition("(")[0]
    expected = f"The function 'States.{call}' had the following error: Invalid arguments in States.{name}"
    assert (caught.value.error, caught.value.terminal) == ("States.Runtime", True)
    assert str(caught.value.cause) == expected


@pytest.mark.parametrize("template", ["'Hello {'", "'}'", "'{{}}'"])
def test_braces_of_a_template_are_escaped_or_paired(template: str) -> None:
    with pytest.raises(StateError, match=r"Invalid arguments in States\.Format: matching '[{}]' not found for '[{}]'"):
        value_of(f"States.Format({template})")


@pytest.mark.parametrize(
    "text",
    [
        "States.Nope()",
        "States.UUID",
        "States.UUID() x",
        "States.UUID(1)",
        "States.MathAdd(1)",
        "States.Array(1 2)",
        "States.Array(1,)",
        "States.Array(,1)",
        "States.Array('a)",
        'States.Array("a")',
        "States.Array($.)",
        "States.Array($.a[)",
        "States.Array(1.)",
        "States.Array(nullx)",
        r"States.Format('a\n')",
        "Math.Add(1, 2)",
        "States.Array(" * 11 + ")" * 11,
    ],
)
def test_syntax(text: str) -> None:
    with pytest.raises(IntrinsicSyntaxError):
        parse_call(text)


def test_ten_functions_may_be_nested() -> None:
    assert json.dumps(value_of("States.Array(" * 10 + ")" * 10)) == "[" * 10 + "]" * 10


def test_a_uuid_is_of_version_4() -> None:
    assert uuid.UUID(value_of("States.UUID()")).version == 4


def quoted(text: str) -> str:
    for character in "\\'{}":
        text = text.replace(character, f"\\{character}")
    return f"'{text}'"


@given(st.text(max_size=20))
def test_any_text_can_be_written_as_an_argument(text: str) -> None:
    assert value_of(f"States.Array({quoted(text)})") == [text]
    assert value_of(f"States.Format({quoted(text)})") == text
    assert value_of(f"States.Format('{{}}', {quoted(text)})") == text


@given(st.lists(st.text(max_size=5), max_size=5))
def test_format_puts_every_value_in_its_place(values: list[str]) -> None:
    template = "|".join("{}" for _ in values)
    arguments = "".join(f", {quoted(value)}" for value in values)
    assert value_of(f"States.Format('{template}'{arguments})") == "|".join(values)


@given(json_values)
def test_json_survives_text(value: Any) -> None:
    text = value_of("States.JsonToString($.v)", {"v": value})
    assert value_of("States.StringToJson($.t)", {"t": text}) == value


@given(st.text(max_size=50))
def test_base64_there_and_back(text: str) -> None:
    encoded = value_of("States.Base64Encode($.t)", {"t": text})
    assert base64.b64decode(encoded).decode() == text
    assert value_of("States.Base64Decode($.t)", {"t": encoded}) == text


@given(st.lists(json_values, max_size=8), st.integers(1, 5))
def test_partitions_are_the_array(values: list[Any], length: int) -> None:
    parts = value_of("States.ArrayPartition($.v, $.n)", {"v": values, "n": length})
    assert [value for part in parts for value in part] == values
    assert all(len(part) == length for part in parts[:-1])


@given(st.lists(json_values, max_size=8))
def test_unique_members_are_all_members_once(values: list[Any]) -> None:
    unique = value_of("States.ArrayUnique($.v)", {"v": values})
    assert value_of("States.ArrayUnique($.v)", {"v": unique}) == unique
    for value in values:
        assert value_of("States.ArrayContains($.u, $.v)", {"u": unique, "v": value})


@given(numbers, numbers)
def test_sums_and_ranges(first: int, second: int) -> None:
    assert value_of("States.MathAdd($.a, $.b)", {"a": first, "b": second}) == first + second
    assert first <= value_of("States.MathRandom($.a, $.b)", {"a": first, "b": first + 1 + abs(second)})


@given(st.text(alphabet="States.()'$,\\{}[]0 1aFormtUID", max_size=40))
def test_any_text_parses_or_is_a_syntax_error(text: str) -> None:
    for candidate in (text, f"States.Array({text})"):
        try:
            call = parse_call(candidate)
        except IntrinsicSyntaxError:
            continue
        assert call.text == candidate.strip() and call.name in ARITIES
