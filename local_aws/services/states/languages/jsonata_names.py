"""The names that a JSONata expression reads where nothing has been selected yet.

Only the first step of a path reads the context item; what follows it, and every predicate, reads what the step before
gave. The body of a function has the context of the expression around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from jsonata import Jsonata

Kind = Literal["context", "root", "states"]
STATES = "states"


def names_in(expression: str) -> Iterator[tuple[Kind, str]]:
    """Of an expression that parses: names read from the context item, ``$$``, and fields of ``$states``."""
    yield from _names(Jsonata(expression).ast)


def _names(node: Any) -> Iterator[tuple[Kind, str]]:
    kind = getattr(node, "type", None)
    if kind == "path":
        steps = node.steps
        yield from _names(steps[0])
        if len(steps) > 1 and _is(steps[0], "variable", STATES) and steps[1].type == "name":
            yield "states", str(steps[1].value)
        yield from _selections(node)
    elif kind == "name":
        yield "context", str(node.value)
    elif kind == "variable":
        if node.value == "":
            yield "context", "$"
        elif node.value == "$":
            yield "root", "$$"
    else:
        for part in _parts(node, kind):
            yield from _names(part)


def _selections(node: Any) -> Iterator[tuple[Kind, str]]:
    """Inside later steps and predicates names are fine; ``$$`` and ``$states`` are what they are everywhere."""
    inside = [*node.steps[1:], *(part for step in node.steps for part in _predicates(step))]
    for part in inside:
        yield from (found for found in _deep(part) if found[0] != "context")


def _deep(node: Any) -> Iterator[tuple[Kind, str]]:
    yield from _names(node)
    for part in _predicates(node):
        yield from _deep(part)


def _predicates(step: Any) -> list[Any]:
    found = [*(getattr(step, "predicate", None) or []), *(getattr(step, "stages", None) or [])]
    return [part.expr for part in found if getattr(part, "expr", None) is not None]


def _parts(node: Any, kind: str | None) -> Iterable[Any]:
    if kind in ("binary", "apply"):
        return [node.lhs, node.rhs]
    if kind in ("function", "partial"):
        return [node.procedure, *node.arguments]
    if kind == "lambda":
        return [node.body]
    if kind == "condition":
        return [node.condition, node.then, node._else]
    if kind == "block":
        return list(node.expressions)
    if kind == "bind":
        return [node.rhs]
    if kind == "unary":
        return _unary_parts(node)
    return []


def _unary_parts(node: Any) -> Iterable[Any]:
    if str(node.value) == "[":
        return list(node.expressions or [])
    if str(node.value) == "{":
        return [part for pair in node.lhs_object or [] for part in pair]
    return [node.expression]


def _is(node: Any, kind: str, value: str) -> bool:
    return bool(node.type == kind and node.value == value)


def variables_in(expression: str) -> Iterator[str]:
    """The variables that an expression reads and does not bind itself, as often as it reads them."""
    nodes = list(_all(Jsonata(expression).ast, set()))
    called = {id(node.procedure) for node in nodes if node.type in ("function", "partial")}
    bound = {node.lhs.value for node in nodes if node.type == "bind"}
    bound |= {part.value for node in nodes if node.type == "lambda" for part in node.arguments or []}
    for node in nodes:
        if node.type == "variable" and node.value not in ("", "$", *bound) and id(node) not in called:
            yield str(node.value)


def _all(node: Any, seen: set[int]) -> Iterator[Any]:
    """Every node of a tree, which may point back up."""
    if isinstance(node, list | tuple):
        for part in node:
            yield from _all(part, seen)
    elif hasattr(node, "type") and hasattr(node, "value") and id(node) not in seen:
        seen.add(id(node))
        yield node
        for part in vars(node).values():
            yield from _all(part, seen)
