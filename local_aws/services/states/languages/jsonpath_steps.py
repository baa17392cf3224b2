"""The steps of a JSONPath: ``$.a['b'][0]`` is a name, a name and an index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "names", "index", "indexes", "slice", "wildcard", "descent", "filter", "function"]
NAME = re.compile(r"[^.\[\]()\s]+")
INTEGER = re.compile(r"-?\d+")
INTEGERS = re.compile(r"-?\d+(\s*,\s*-?\d+)+")
SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?")
QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)""", re.DOTALL)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class PathSyntaxError(ValueError):
    """The text is no path."""


@dataclass(frozen=True)
class Step:
    """``text`` is the step in bracket notation, as messages and the library want it."""

    kind: Kind
    text: str
    names: tuple[str, ...] = ()
    index: int = 0

    @property
    def single(self) -> bool:
        """Whether it leads to one node, or none."""
        return self.kind in ("name", "names", "index", "function")


def split(text: str) -> tuple[Step, ...]:
    """Raises ``PathSyntaxError``."""
    if not text.startswith("$"):
        raise PathSyntaxError(f"'{text}' does not start with '$'")
    steps: list[Step] = []
    place = 1
    while place < len(text):
        step, place = _step(text, place)
        steps.append(step)
    if steps and steps[-1].kind == "descent":
        raise PathSyntaxError(f"'{text}' ends after '..'")
    return tuple(steps)


def _step(text: str, place: int) -> tuple[Step, int]:
    if text.startswith("..", place):
        after = place + 2
        if text.startswith("[", after):
            return Step("descent", ".."), after
        if text.startswith("*", after):
            return Step("wildcard", "..*"), after + 1
        name, end = _name(text, after)
        return Step("wildcard", f"..{quoted(name)}"), end
    if text.startswith(".*", place):
        return Step("wildcard", "[*]"), place + 2
    if text[place] == ".":
        name, end = _name(text, place + 1)
        if text.startswith("()", end):
            return Step("function", f".{name}()"), end + 2
        return Step("name", quoted(name), (name,)), end
    if text[place] == "[":
        end = _closing(text, place)
        return _bracket(text[place + 1 : end].strip(), text), end + 1
    raise PathSyntaxError(f"'{text}' has an unexpected '{text[place]}'")


def _name(text: str, place: int) -> tuple[str, int]:
    match = NAME.match(text, place)
    if match is None:
        raise PathSyntaxError(f"'{text}' has no name after '.'")
    return match[0], match.end()


def _bracket(inside: str, text: str) -> Step:
    if inside == "*":
        return Step("wildcard", "[*]")
    if inside.startswith("?"):
        return Step("filter", f"[{inside}]")
    if INTEGER.fullmatch(inside):
        return Step("index", f"[{inside}]", index=int(inside))
    if INTEGERS.fullmatch(inside):
        return Step("indexes", f"[{inside}]")
    if SLICE.fullmatch(inside):
        return Step("slice", f"[{inside}]")
    names = tuple(_names(inside, text))
    return Step("name" if len(names) == 1 else "names", f"[{','.join(map(_literal, names))}]", names)


def _names(inside: str, text: str) -> list[str]:
    names, place = [], 0
    while True:
        match = QUOTED.match(inside, place)
        if match is None:
            raise PathSyntaxError(f"'{text}' has brackets around neither a name in quotes nor an index: [{inside}]")
        names.append(ESCAPE.sub(r"\1", match[1] if match[1] is not None else match[2]))
        place = match.end()
        if match[3] != ",":
            return names


def _closing(text: str, place: int) -> int:
    """Where the bracket that opens at ``place`` closes; quotes and inner brackets are stepped over."""
    depth, quote = 0, ""
    while place < len(text):
        character = text[place]
        if quote:
            if character == "\\":
                place += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    raise PathSyntaxError(f"'{text}' has a bracket that does not close")


def quoted(name: str) -> str:
    return f"[{_literal(name)}]"


def _literal(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
