"""Which variables each state reads, as DescribeStateMachine shows it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html (variableReferences)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.services.states.definitions.blocks import states_within
from local_aws.services.states.definitions.maps import PROCESSORS
from local_aws.services.states.languages.expressions import expression_in
from local_aws.services.states.languages.intrinsic_syntax import parse_call
from local_aws.services.states.languages.intrinsics import PREFIX
from local_aws.services.states.languages.jsonata_names import variables_in
from local_aws.services.states.languages.known import language_name
from local_aws.services.states.languages.payload_templates import SUFFIX
from local_aws.services.states.languages.references import Reference, parse_reference

#: What a state holds that is no part of its own.
INSIDE = frozenset({"Branches", *PROCESSORS})
RESERVED = "states"


def variable_references(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of a definition that has passed its checks: names in order, by state; states that read none are left out."""
    found: dict[str, list[str]] = {}
    for name, state, _ in states_within(definition, ""):
        jsonata = language_name(definition, state) == "JSONata"
        names = sorted(set((_in_jsonata if jsonata else _in_jsonpath)(state)))
        if names:
            found[name] = names
    return found


def _in_jsonata(part: Any) -> Iterator[str]:
    for value in _values(part):
        expression = expression_in(value)
        if expression is not None:
            yield from (name for name in variables_in(expression) if name != RESERVED)


def _in_jsonpath(part: Any, key: str = "") -> Iterator[str]:
    if isinstance(part, dict):
        for inner, value in part.items():
            if inner not in INSIDE:
                yield from _in_jsonpath(value, inner)
    elif isinstance(part, list):
        for value in part:
            yield from _in_jsonpath(value)
    elif isinstance(part, str) and (key.endswith((SUFFIX, "Path")) or key == "Variable"):
        for reference in _references(part):
            if reference.variable not in ("", "$"):
                yield reference.variable


def _references(text: str) -> Iterator[Reference]:
    try:
        if text.startswith(PREFIX):
            yield from parse_call(text).references()
        else:
            yield parse_reference(text)
    except ValueError:
        # A field of the data that only looks like one of the language, such as Result's.
        return


def _values(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in INSIDE:
                yield from _values(value)
    elif isinstance(part, list):
        for value in part:
            yield from _values(value)
    else:
        yield part
