"""Metric math: a parser and the values it yields.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. Provided are + - * / ^,
comparisons, AND, OR, numbers, metric ids, arrays, and the functions of ``math_functions``; SEARCH, anomaly bands and
the others are refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.services.cloudwatch.math_functions import FUNCTIONS, MathError, Series, Timeline, Value, combine
from local_aws.services.cloudwatch.token_reader import TokenReader

TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\"[^\"]*\")|(&&|\|\||[<>=!]=|[-+*/^<>(),\[\]]))"
)
#: From the loosest to the tightest.
LEVELS: tuple[dict[str, Callable[[float, float], float]], ...] = (
    {"OR": lambda a, b: float(bool(a) or bool(b))},
    {"AND": lambda a, b: float(bool(a) and bool(b))},
    {
        "==": lambda a, b: float(a == b),
        "!=": lambda a, b: float(a != b),
        "<": lambda a, b: float(a < b),
        "<=": lambda a, b: float(a <= b),
        ">": lambda a, b: float(a > b),
        ">=": lambda a, b: float(a >= b),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv},
    {"^": operator.pow},
)
SPELLINGS = {"&&": "AND", "||": "OR"}


@dataclass(frozen=True)
class Environment:
    """``series`` by the ids of the queries, and every timestamp of the asked range with its period in seconds."""

    series: Mapping[str, Value]
    timeline: Timeline


Node = Callable[[Environment], Value]


def parsed(expression: str) -> tuple[Node, frozenset[str]]:
    """What computes the expression, and the ids it uses; ``MathError`` says what is not provided."""
    parser = _Parser(_tokens(expression))
    node = parser.level(0)
    if parser.here:
        raise MathError(f"unexpected {parser.here!r} in {expression!r}")
    return node, frozenset(parser.used)


def _tokens(expression: str) -> list[str]:
    tokens, position = [], 0
    text = expression.strip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise MathError(f"{text[position:]!r} cannot be read in {expression!r}")
        token = match[0].strip()
        tokens.append(SPELLINGS.get(token, token.upper() if token.upper() in ("AND", "OR") else token))
        position = match.end()
    return tokens


class _Parser(TokenReader):
    error = MathError

    def __init__(self, tokens: list[str]) -> None:
        super().__init__(tokens)
        self.used: set[str] = set()

    def level(self, number: int) -> Node:
        if number == len(LEVELS):
            return self._unary()
        node = self.level(number + 1)
        while self.here in LEVELS[number]:
            node = _binary(LEVELS[number][self._take()], node, self.level(number + 1))
        return node

    def _unary(self) -> Node:
        if self.here == "-":
            self._take()
            return _binary(operator.mul, lambda environment: -1.0, self._unary())
        return self._primary()

    def _primary(self) -> Node:
        token = self._take()
        if token == "(":  # noqa: S105 - a bracket, no password
            node = self.level(0)
            self._take(")")
            return node
        if token == "[":  # noqa: S105 - a bracket, no password
            return _array(self._list("]"))
        if token[0].isdigit() or token[0] == ".":
            number = float(token)
            return lambda environment: number
        if token[0].isalpha() and self.here == "(":
            return self._call(token)
        if token[0].islower():
            self.used.add(token)
            return lambda environment: environment.series[token]
        if token in ("REPEAT", "LINEAR"):
            return lambda environment: token
        raise MathError(f"{token} is not provided here")

    def _call(self, name: str) -> Node:
        self._take("(")
        arguments = self._list(")")
        if name not in FUNCTIONS:
            raise MathError(f"{name}() is not provided here: only {', '.join(sorted(FUNCTIONS))}")
        function = FUNCTIONS[name]
        return lambda environment: function(environment.timeline, *(node(environment) for node in arguments))

    def _list(self, end: str) -> list[Node]:
        nodes: list[Node] = []
        while self.here != end:
            if nodes:
                self._take(",")
            nodes.append(self.level(0))
        self._take(end)
        return nodes


def _binary(function: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda environment: combine(function, left(environment), right(environment))


def _array(nodes: list[Node]) -> Node:
    def build(environment: Environment) -> Value:
        values: list[Any] = [node(environment) for node in nodes]
        return [value for value in values if isinstance(value, dict)]

    return build


__all__ = ["Environment", "MathError", "Series", "parsed"]
