"""Which events a pattern matches.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and, for arrays,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
"""

from __future__ import annotations

import fnmatch
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.events.pattern_checks import checked
from local_aws.services.events.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"source": ["aws.ec2"]}, {"source": "aws.ec2", "x": 1}, True),
        ({"source": ["aws.ec2"], "account": ["1"]}, {"source": "aws.ec2"}, False),
        ({"a": {"b": ["x", "y"]}}, {"a": {"b": "y"}}, True),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [""]}, {"a": ""}, True),
        ({"a": [None]}, {}, False),
        ({"a": [300]}, {"a": 300.0}, False),
        ({"a": [True]}, {"a": 1}, False),
        ({"a": [{"prefix": "Er"}]}, {"a": "Error"}, True),
        ({"a": [{"prefix": {"equals-ignore-case": "er"}}]}, {"a": "Error"}, True),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.png"}, True),
        ({"a": [{"suffix": {"equals-ignore-case": ".png"}}]}, {"a": "x.PNG"}, True),
        ({"a": [{"equals-ignore-case": "Alice"}]}, {"a": "aLICE"}, True),
        ({"a": [{"anything-but": "initializing"}]}, {"a": "running"}, True),
        ({"a": [{"anything-but": "initializing"}]}, {}, False),
        ({"a": [{"anything-but": ["stopped", "overloaded"]}]}, {"a": "stopped"}, False),
        ({"a": [{"anything-but": [100, 200]}]}, {"a": 200}, False),
        ({"a": [{"anything-but": {"prefix": ["init", "st"]}}]}, {"a": "stop"}, False),
        ({"a": [{"anything-but": {"prefix": "init"}}]}, {"a": "stop"}, True),
        ({"a": [{"anything-but": {"suffix": ".txt"}}]}, {"a": "a.txt"}, False),
        ({"a": [{"anything-but": {"wildcard": ["*/lib/*"]}}]}, {"a": "x/lib/y"}, False),
        ({"a": [{"anything-but": {"equals-ignore-case": ["STOP"]}}]}, {"a": "stop"}, False),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 0}, False),
        ({"a": [{"numeric": ["=", 3.018e2]}]}, {"a": 301.8}, True),
        ({"a": [{"numeric": ["<", 10]}]}, {"a": "5"}, False),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.1.0"}, False),
        ({"a": [{"cidr": "2001:db8::/32"}]}, {"a": "2001:db8::1"}, True),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"d": {"a": [{"exists": False}]}}, {"x": 1}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": {"b": [{"exists": False}]}}, {"a": []}, True),
        ({"a": [{"wildcard": "dir/*.png"}]}, {"a": "dir/x/y.png"}, True),
        ({"a": [{"wildcard": r"a\*b*"}]}, {"a": "a*bc"}, True),
        ({"a": [{"wildcard": r"a\*b*"}]}, {"a": "axbc"}, False),
        ({"r": ["x", "z"]}, {"r": ["y", "z"]}, True),
        ({"r": ["x"]}, {"r": []}, False),
        # Both fields must match in one element.
        ({"r": {"k": ["a"], "v": [1]}}, {"r": [{"k": "a", "v": 2}, {"k": "b", "v": 1}]}, False),
        ({"r": {"k": ["a"], "v": [1]}}, {"r": [{"k": "b", "v": 1}, {"k": "a", "v": 1}]}, True),
        ({"$or": [{"a": [1]}, {"b": {"c": [2]}}]}, {"b": {"c": 2}}, True),
        ({"s": ["x"], "$or": [{"a": [1]}, {"b": [2]}]}, {"s": "y", "a": 1}, False),
        ({"d": {"$or": [{"a": [{"numeric": [">", 1]}]}, {"b": [2]}]}}, {"d": {"a": 2}}, True),
    ],
)
def test_pattern(pattern: dict[str, Any], event: dict[str, Any], expected: bool) -> None:
    assert matches(checked(json.dumps(pattern)), event) is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects"),
        ('{"a": []}', "Empty arrays"),
        ('{"a": "x"}', "must be an object or an array"),
        ('{"a": [{"sounds-like": "x"}]}', "Unrecognized match type"),
        ('{"a": [{"prefix": 1}]}', "must be a string"),
        ('{"a": [{"exists": "yes"}]}', "true or false"),
        ('{"a": [{"numeric": [">", 5, "<", 2]}]}', "Bottom must be less than top"),
        ('{"a": [{"numeric": ["~", 5]}]}', "Unrecognized numeric range operator"),
        ('{"a": [{"wildcard": "a**"}]}', "Consecutive wildcard"),
        ('{"a": [{"cidr": "10.0.0/99"}]}', "Malformed CIDR"),
        ('{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}', "anything-but takes"),
        ('{"a": [["x"]]}', "Match value"),
    ],
)
def test_wrong_pattern_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ApiError, match=reason) as caught:
        checked(text)
    assert caught.value.code == "InvalidEventPatternException"


# The reference takes patterns apart into flat alternatives: {path: [matcher, ...]}. It knows no arrays of objects.
def alternatives(pattern: dict[str, Any], at: tuple[str, ...] = ()) -> list[dict[tuple[str, ...], Any]]:
    choices: list[list[dict[tuple[str, ...], Any]]] = []
    for name, wanted in pattern.items():
        if name == "$or":
            choices.append([flat for each in wanted for flat in alternatives(each, at)])
        elif isinstance(wanted, dict):
            choices.append(alternatives(wanted, (*at, name)))
        else:
            choices.append([{(*at, name): wanted}])
    return [dict(itertools.chain(*(flat.items() for flat in combined))) for combined in itertools.product(*choices)]


def value_at(event: Any, path: tuple[str, ...]) -> list[Any]:
    for name in path:
        if not isinstance(event, dict) or name not in event:
            return []
        event = event[name]
    return event if isinstance(event, list) else [event]


def one(matcher: Any, values: list[Any]) -> bool:
    if not isinstance(matcher, dict):
        return any(type(value) is type(matcher) and value == matcher for value in values)
    ((name, argument),) = matcher.items()
    texts = [value for value in values if isinstance(value, str)]
    figures = [value for value in values if type(value) in (int, float)]
    if name == "exists":
        return (len([value for value in values if not isinstance(value, dict)]) > 0) is argument
    if name == "prefix":
        return any(value[: len(argument)] == argument for value in texts)
    if name == "wildcard":
        return any(fnmatch.fnmatchcase(value, argument) for value in texts)
    if name == "anything-but":
        return any(value not in argument for value in values if not isinstance(value, dict))
    assert name == "numeric"
    return any(value > argument[1] for value in figures)


WORDS = st.sampled_from(["a", "b", "ab", "ba", "abb"])
LEAVES = st.one_of(WORDS, st.integers(0, 3), st.lists(WORDS, max_size=3))
NAMES = st.sampled_from(["p", "q", "r"])
EVENTS = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8).filter(
    lambda value: isinstance(value, dict)
)
LEAF_MATCHERS = st.one_of(
    WORDS,
    st.integers(0, 3),
    st.builds(lambda text: {"prefix": text}, WORDS),
    st.builds(lambda text: {"wildcard": f"{text}*"}, WORDS),
    st.builds(lambda many: {"anything-but": many}, st.lists(WORDS, min_size=1, max_size=2)),
    st.builds(lambda bound: {"numeric": [">", bound]}, st.integers(0, 3)),
    st.builds(lambda yes: {"exists": yes}, st.booleans()),
)
LEAF_PATTERNS = st.lists(LEAF_MATCHERS, min_size=1, max_size=2)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, inner, min_size=1, max_size=2)


FLAT = objects(LEAF_PATTERNS)
NESTED = objects(st.one_of(LEAF_PATTERNS, FLAT))
OR = st.builds(lambda many, also: {**also, "$or": many}, st.lists(FLAT, min_size=2, max_size=3), st.just({}))


@settings(max_examples=400, deadline=None)
@given(st.one_of(NESTED, OR, st.builds(lambda inner: {"p": inner}, OR)), EVENTS)
def test_matching_agrees_with_a_reference_that_works_on_flat_paths(pattern: Any, event: Any) -> None:
    expected = any(
        all(any(one(each, value_at(event, path)) for each in wanted) for path, wanted in flat.items())
        for flat in alternatives(pattern)
    )
    assert matches(checked(json.dumps(pattern)), event) is expected
