"""Paths as Step Functions evaluates them, which is as Jayway does.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html,
https://github.com/json-path/JsonPath
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.states.languages.jsonpath import ConflictError, NoSuchNodeError, parse, put
from local_aws.services.states.languages.jsonpath_steps import PathSyntaxError
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.languages.references import parse_reference

DATA: dict[str, Any] = {
    "a": {"b": [{"x": 1, "n": "p"}, {"x": 2, "n": "q"}], "c-d": 5, "s": "t", "z": None},
    "k v": 3,
    "ü": "u",
    "l": [1, 2, 3, 4],
    "e": [],
}
names = st.text(min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DATA),
        ("$.a.b[0].x", 1),
        ("$.a.c-d", 5),
        ("$['k v']", 3),
        ('$["k v"]', 3),
        ("$.ü", "u"),
        ("$.a.z", None),
        ("$.l[-1]", 4),
        ("$['l','e']", {"l": [1, 2, 3, 4], "e": []}),
        ("$.a.b[*].x", [1, 2]),
        ("$.a.b.*.x", [1, 2]),
        ("$.e[*]", []),
        ("$.l[1:3]", [2, 3]),
        ("$.l[:2]", [1, 2]),
        ("$.l[-2:]", [3, 4]),
        ("$.l[0,2]", [1, 3]),
        ("$.l[?(@ > 2)]", [3, 4]),
        ("$.a.b[?(@.x == 2)].n", ["q"]),
        ("$.a.b[?(@.x > 0 && @.n == 'q' || @.x == 9)].n", ["q"]),
        ("$.a.b[?(@.n =~ /P/i)].x", [1]),
        ("$.a.b[?(@.n in ['p', 'z'])].x", [1]),
        ("$.a.b[?(@.x == $.l[1])].n", ["q"]),
        ("$.a.b[?(@.none)]", []),
        ("$..x", [1, 2]),
    ],
)
def test_read(path: str, expected: Any) -> None:
    assert parse(path).read(DATA) == expected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$.none", "No results for path: $['none']"),
        ("$.a.none", "No results for path: $['a']['none']"),
        ("$.none.b", "Missing property in path $['none']"),
        ("$.none[*].b", "Missing property in path $['none']"),
        ("$.l[9]", "No results for path: $['l'][9]"),
        ("$.a.s.b", "No results for path: $['a']['s']['b']"),
        ("$.a[0]", "No results for path: $['a'][0]"),
        ("$.l.length()", "No results for path: $['l'].length()"),
        ("$.a.s[0:1]", "Filter: [0:1] can only be applied to arrays. Current context is: t"),
    ],
)
def test_definite_parts_must_be_there(path: str, reason: str) -> None:
    with pytest.raises(NoSuchNodeError) as caught:
        parse(path).read(DATA)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "path", ["", "a", "$.", "$[", "$[a]", "$x", "$.a b", "$..", "$.a[]", "$.a[?(@.x==)]", "$.a['b"]
)
def test_syntax(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        parse(path)


@pytest.mark.parametrize(("path", "definite"), [("$.a['b'][0]", True), ("$.a[*]", False), ("$..a", False)])
def test_only_definite_paths_identify_one_node(path: str, definite: bool) -> None:
    assert parse(path).definite is parse(path).reference is definite


def test_references_read_the_data_the_context_or_a_variable() -> None:
    scope = Scope(None, {"State": {"Name": "S"}}, {"v_1": {"w": [7]}})
    assert parse_reference("$.l[0]").read(DATA, scope) == 1
    assert parse_reference("$$.State.Name").read(DATA, scope) == "S"
    assert parse_reference("$v_1.w[0]").read(DATA, scope) == 7
    with pytest.raises(NoSuchNodeError):
        parse_reference("$unknown").read(DATA, scope)


def test_put_makes_what_is_missing_and_leaves_the_document() -> None:
    assert put(parse("$.a.b.c"), {"x": 1}, 2) == {"x": 1, "a": {"b": {"c": 2}}}
    assert put(parse("$"), DATA, 2) == 2
    document = {"l": [{"m": 1}, 2]}
    assert put(parse("$.l[0].m"), document, 3) == {"l": [{"m": 3}, 2]}
    assert document == {"l": [{"m": 1}, 2]}


@pytest.mark.parametrize(
    ("path", "document"), [("$.a", "text"), ("$.a.b", {"a": 1}), ("$.a[1]", {"a": [0]}), ("$[0]", {})]
)
def test_put_where_nothing_can_be(path: str, document: Any) -> None:
    with pytest.raises(ConflictError):
        put(parse(path), document, 1)


@given(st.lists(names, min_size=1, max_size=4), st.integers())
def test_what_is_put_is_read_at_the_same_path(steps: list[str], value: int) -> None:
    escaped = [step.replace("\\", "\\\\").replace("'", "\\'") for step in steps]
    path = parse("$" + "".join(f"['{step}']" for step in escaped))
    assert path.read(put(path, {}, value)) == value


@given(st.text(max_size=12))
def test_any_text_parses_or_is_a_syntax_error(text: str) -> None:
    try:
        path = parse("$" + text)
    except PathSyntaxError:
        return
    try:
        path.read(DATA)
    except NoSuchNodeError:
        assert path.steps
