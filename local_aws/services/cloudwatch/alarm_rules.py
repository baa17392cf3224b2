"""The rules of composite alarms: ``ALARM("a") AND (OK("b") OR NOT AT_LEAST(1, ALARM, ("c", "d")))``.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from local_aws.services.cloudwatch.alarms import ALARM, INSUFFICIENT, OK
from local_aws.services.cloudwatch.token_reader import TokenReader

TOKEN = re.compile(r"\s*(\"[^\"]+\"|[(),]|[^\s(),\"]+)")
STATES = (OK, ALARM, INSUFFICIENT)

#: Whether a rule holds, by the states of the alarms it names.
Holds = Callable[[Mapping[str, str]], bool]


class Rule(NamedTuple):
    holds: Holds
    children: frozenset[str]


@lru_cache(maxsize=256)
def parsed(text: str) -> Rule:
    """``ValueError`` for what is no rule."""
    tokens = [match[1] for match in TOKEN.finditer(text)]
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "", text):
        raise ValueError("the rule cannot be read")
    parser = _Parser(tokens)
    holds = parser.either()
    if parser.here:
        raise ValueError(f"unexpected {parser.here!r}")
    return Rule(holds, frozenset(parser.children))


class _Parser(TokenReader):
    def __init__(self, tokens: list[str]) -> None:
        super().__init__(tokens)
        self.children: set[str] = set()

    def either(self) -> Holds:
        first = self._both()
        while self.here == "OR":
            self._take()
            first = _or(first, self._both())
        return first

    def _both(self) -> Holds:
        first = self._single()
        while self.here == "AND":
            self._take()
            first = _and(first, self._single())
        return first

    def _single(self) -> Holds:
        token = self._take()
        if token == "NOT":  # noqa: S105 - a word of the rule's language
            inner = self._single()
            return lambda states: not inner(states)
        if token == "(":  # noqa: S105 - a bracket
            inner = self.either()
            self._take(")")
            return inner
        if token in ("TRUE", "FALSE"):
            return lambda states: token == "TRUE"  # noqa: S105 - a word of the rule's language
        if token in STATES:
            self._take("(")
            name = self._name()
            self._take(")")
            return lambda states: states.get(name) == token
        if token == "AT_LEAST":  # noqa: S105 - a word of the rule's language
            return self._at_least()
        raise ValueError(f"unexpected {token!r}")

    def _at_least(self) -> Holds:
        """``AT_LEAST(2, ALARM, ("a", "b"))``, ``AT_LEAST(50%, NOT OK, ("a", "b"))``."""
        self._take("(")
        number = self._take()
        self._take(",")
        negated = self.here == "NOT"
        if negated:
            self._take()
        state = self._take()
        self._take(",")
        self._take("(")
        names = [self._name()]
        while self.here == ",":
            self._take()
            names.append(self._name())
        self._take(")")
        self._take(")")
        if state not in STATES or not re.fullmatch(r"\d+%?", number):
            raise ValueError("AT_LEAST takes a number or percentage, a state and alarms")
        least = len(names) * int(number[:-1]) / 100 if number.endswith("%") else int(number)
        return lambda states: sum((states.get(name) == state) is not negated for name in names) >= least

    def _name(self) -> str:
        """An alarm's name, or its ARN, perhaps in quotes."""
        name = self._take().strip('"')
        if name in ("(", ")", ","):
            raise ValueError("the name of an alarm was expected")
        name = name.split(":alarm:", 1)[1] if name.startswith("arn:") and ":alarm:" in name else name
        self.children.add(name)
        return name


def _or(left: Holds, right: Holds) -> Holds:
    return lambda states: left(states) or right(states)


def _and(left: Holds, right: Holds) -> Holds:
    return lambda states: left(states) and right(states)
