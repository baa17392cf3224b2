"""Paths into JSON documents, as Step Functions reads and writes them.

Step Functions uses the Jayway library: a path that can select one node only (a definite one) gives that node or
fails; any other gives a list, which may be empty. Names and indexes are walked here; wildcards, slices, descents and
filters are left to ``python-jsonpath``.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError

from local_aws.services.states.languages.jsonpath_steps import PathSyntaxError, Step, split

CACHED_PATHS = 4096
_LIBRARY = JSONPathEnvironment()


class NoSuchNodeError(LookupError):
    """A definite path leads nowhere. The text says where it ends, as Jayway does."""


@dataclass(frozen=True)
class Path:
    """``selector`` is set for a path that may select several nodes."""

    text: str
    steps: tuple[Step, ...]
    selector: JSONPath | None

    @property
    def definite(self) -> bool:
        return all(step.kind in ("name", "names", "index", "function") for step in self.steps)

    @property
    def reference(self) -> bool:
        """Whether it identifies one node, so that a result can be written there."""
        return all(step.kind in ("name", "index") for step in self.steps)

    def read(self, document: Any) -> Any:
        """Raises ``NoSuchNodeError``."""
        value = document
        for place, step in enumerate(self.steps):
            if not step.single:
                return self._select(document, value, step)
            value = self._next(value, place, step)
        return value

    def _next(self, value: Any, place: int, step: Step) -> Any:
        if step.kind == "name" and isinstance(value, dict) and step.names[0] in value:
            return value[step.names[0]]
        if step.kind == "index" and isinstance(value, list) and -len(value) <= step.index < len(value):
            return value[step.index]
        if step.kind == "names" and isinstance(value, dict) and place == len(self.steps) - 1:
            return {name: value[name] for name in step.names if name in value}
        inside = place < len(self.steps) - 1 and step.kind == "name" and isinstance(value, dict)
        if inside:
            raise NoSuchNodeError(f"Missing property in path {normal(self.steps[: place + 1])}")
        raise NoSuchNodeError(f"No results for path: {normal(self.steps)}")

    def _select(self, document: Any, value: Any, step: Step) -> list[Any]:
        """All matches. What stands before the first wildcard must be there, and be of the kind that it selects from."""
        assert self.selector is not None  # noqa: S101 - compiled for every path with such a step
        if step.kind in ("slice", "indexes") and not isinstance(value, list):
            raise NoSuchNodeError(f"Filter: {step.text} can only be applied to arrays. Current context is: {value}")
        return list(self.selector.findall(document))


@lru_cache(CACHED_PATHS)
def parse(text: str) -> Path:
    """A path that begins with ``$``. Raises ``PathSyntaxError``."""
    steps = split(text)
    if all(step.single for step in steps):
        return Path(text, steps, None)
    try:
        selector = _LIBRARY.compile("$" + "".join(step.text for step in steps))
    except (JSONPathError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise PathSyntaxError(f"'{text}' is not a JSONPath: {reason}") from error
    if not isinstance(selector, JSONPath):
        raise PathSyntaxError(f"'{text}' combines several paths")
    return Path(text, steps, selector)


def normal(steps: tuple[Step, ...]) -> str:
    return "$" + "".join(step.text for step in steps)


class ConflictError(ValueError):
    """A result cannot be put where a reference path points."""


def put(path: Path, document: Any, value: Any) -> Any:
    """A copy of ``document`` with ``value`` at a reference path; objects on the way are made. Raises ``ConflictError``.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultpath.html
    """
    return _put(path.steps, document, value)


def _put(steps: tuple[Step, ...], document: Any, value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step.kind == "name" and isinstance(document, dict):
        name = step.names[0]
        return {**document, name: _put(rest, document.get(name, {}), value)}
    if step.kind == "index" and isinstance(document, list) and 0 <= step.index < len(document):
        changed = list(document)
        changed[step.index] = _put(rest, document[step.index], value)
        return changed
    raise ConflictError(step.text)
