"""Calls of intrinsic functions, such as ``States.Format('{} of {}', $.part, $.whole)``.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_aws.services.states.languages.references import Reference, parse_reference

#: How many functions one field may nest.
MAX_FUNCTIONS = 10
CACHED_CALLS = 1024
NAME = re.compile(r"States\.(\w+)\(")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?(?![\w.])")
STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
WORDS = {"true": True, "false": False, "null": None}
WORD = re.compile(r"(true|false|null)(?!\w)")
SPACE = re.compile(r"\s*")
#: What a backslash may stand before, inside quotes.
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPABLE = frozenset("'\\{}")
ARITIES: dict[str, tuple[int, int | None]] = {
    "Array": (0, None),
    "ArrayContains": (2, 2),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayUnique": (1, 1),
    "Base64Decode": (1, 1),
    "Base64Encode": (1, 1),
    "Format": (1, None),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "JsonToString": (1, 1),
    "MathAdd": (2, 2),
    "MathRandom": (2, 3),
    "StringSplit": (2, 2),
    "StringToJson": (1, 1),
    "UUID": (0, 0),
}


class IntrinsicSyntaxError(ValueError):
    """The text is no call of an intrinsic function."""


@dataclass(frozen=True)
class Literal:
    """``raw`` is a text as written, its escapes still in place: States.Format tells ``\\{`` from ``{``."""

    value: Any
    raw: str | None = None


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Literal | Reference | Call, ...]
    text: str

    def calls(self) -> Iterator[Call]:
        """This call and all inside it."""
        yield self
        for argument in self.arguments:
            if isinstance(argument, Call):
                yield from argument.calls()

    def references(self) -> Iterator[Reference]:
        for call in self.calls():
            yield from (argument for argument in call.arguments if isinstance(argument, Reference))


@lru_cache(CACHED_CALLS)
def parse_call(text: str) -> Call:
    """Raises ``IntrinsicSyntaxError``."""
    call, end = _call(text, 0)
    if text[end:].strip():
        raise IntrinsicSyntaxError(f"'{text}' goes on after its closing bracket")
    if sum(1 for _ in call.calls()) > MAX_FUNCTIONS:
        raise IntrinsicSyntaxError(f"'{text}' nests more than {MAX_FUNCTIONS} functions")
    return call


def _call(text: str, start: int) -> tuple[Call, int]:
    match = NAME.match(text, start)
    if match is None or match[1] not in ARITIES:
        raise IntrinsicSyntaxError(f"'{text[start:]}' calls no function of Step Functions")
    arguments: list[Literal | Reference | Call] = []
    place = _after_space(text, match.end())
    while not text.startswith(")", place):
        if arguments:
            if not text.startswith(",", place):
                raise IntrinsicSyntaxError(f"'{text}' has no comma or bracket after its argument {len(arguments)}")
            place = _after_space(text, place + 1)
        argument, place = _argument(text, place)
        arguments.append(argument)
        place = _after_space(text, place)
    least, most = ARITIES[match[1]]
    if len(arguments) < least or (most is not None and len(arguments) > most):
        raise IntrinsicSyntaxError(f"States.{match[1]} does not take {len(arguments)} arguments")
    return Call(match[1], tuple(arguments), text[start : place + 1]), place + 1


def _argument(text: str, place: int) -> tuple[Literal | Reference | Call, int]:
    if text.startswith("States.", place):
        return _call(text, place)
    if text.startswith("$", place):
        end = _end_of_path(text, place)
        try:
            return parse_reference(text[place:end].rstrip()), end
        except ValueError as error:
            raise IntrinsicSyntaxError(str(error)) from error
    for pattern in (STRING, NUMBER, WORD):
        match = pattern.match(text, place)
        if match is not None:
            return _literal(pattern, match), match.end()
    raise IntrinsicSyntaxError(f"'{text}' has no argument at '{text[place:]}'")


def _literal(pattern: re.Pattern[str], match: re.Match[str]) -> Literal:
    if pattern is STRING:
        return Literal(unescaped(match[1]), match[1])
    if pattern is WORD:
        return Literal(WORDS[match[0]])
    return Literal(float(match[0]) if match[1] or match[2] else int(match[0]))


def unescaped(raw: str) -> str:
    """Raises ``IntrinsicSyntaxError`` for a backslash before anything but a quote, a backslash or a brace."""
    for match in ESCAPE.finditer(raw):
        if match[1] not in ESCAPABLE:
            raise IntrinsicSyntaxError(f"'\\{match[1]}' is no escape: write a backslash as '\\\\'")
    return ESCAPE.sub(r"\1", raw)


def _end_of_path(text: str, place: int) -> int:
    """A path ends at the comma or bracket that belongs to the call around it."""
    depth, quote = 0, ""
    for position in range(place, len(text)):
        character = text[position]
        if quote:
            quote = "" if character == quote and text[position - 1] != "\\" else quote
        elif depth and character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            if depth == 0:
                return position
            depth -= 1
        elif character == "," and depth == 0:
            return position
    raise IntrinsicSyntaxError(f"'{text}' has a bracket that does not close")


def _after_space(text: str, place: int) -> int:
    match = SPACE.match(text, place)
    return place if match is None else match.end()
