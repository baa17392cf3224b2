"""What a state asks of a query language.

A language is one module that provides ``QueryLanguage`` and one entry in ``languages.LANGUAGES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from local_aws.services.states.models import State


class Absent:
    """Stands for a part of the scope that does not exist in this field."""


ABSENT = Absent()


@dataclass(frozen=True)
class Scope:
    """What expressions may read."""

    input: Any
    context: Mapping[str, Any]
    variables: Mapping[str, Any]
    result: Any = ABSENT
    error_output: Any = ABSENT

    def with_result(self, result: Any) -> Scope:
        return replace(self, result=result)

    def with_error(self, error_output: Any) -> Scope:
        return replace(self, error_output=error_output)

    def with_map_item(self, index: int, value: Any, key: str | None = None, source: str | None = None) -> Scope:
        """``key`` belongs to an entry of an object; ``source`` tells where the items of a distributed Map came from.

        https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        item = {"Index": index, "Value": value}
        extra = {name: part for name, part in (("Key", key), ("Source", source)) if part is not None}
        return replace(self, context={**self.context, "Map": {"Item": {**item, **extra}}})


@dataclass(frozen=True)
class Completion:
    """What a state hands on, and the variables it assigns."""

    output: Any
    assigned: dict[str, Any]


@dataclass(frozen=True)
class Chosen:
    """The rule of a Choice that holds, and its place; the state itself where only Default is left."""

    rule: Mapping[str, Any]
    location: str
    target: str


class QueryLanguage(Protocol):
    """Every method raises ``EvaluationError`` for a field that cannot be evaluated."""

    def arguments(self, state: State, scope: Scope) -> Any:
        """What the work of a Task or Parallel state gets."""

    def value(self, part: Mapping[str, Any], field: str, scope: Scope) -> Any:
        """A template such as the Arguments of an ItemReader; what the part works on when it has no such field."""

    def whole_number(self, state: State, field: str, scope: Scope) -> int | None:
        """A field such as TimeoutSeconds, or in JSONPath TimeoutSecondsPath; None when the state has none."""

    def number(self, state: State, field: str, scope: Scope) -> float | None:
        """A percentage, such as ToleratedFailurePercentage; None when the state has none."""

    def text(self, state: State, field: str, scope: Scope) -> str | None:
        """A field such as Cause; None when the state has none."""

    def moment(self, state: State, field: str, scope: Scope) -> float | None:
        """A time such as Timestamp, in seconds since the epoch; None when the state has none."""

    def choose(self, state: State, scope: Scope) -> Chosen | None:
        """The first rule that holds, else Default, else None."""

    def items(self, state: State, scope: Scope) -> list[Any] | dict[str, Any]:
        """What a Map state iterates over: items, or the entries of an object."""

    def item_input(self, state: State, scope: Scope, item: Any) -> Any:
        """The input of one iteration; ``scope`` holds the item in its context."""

    def complete(self, part: Mapping[str, Any], scope: Scope, default: Any, location: str) -> Completion:
        """Output and Assign of a state, a catcher or a choice rule; ``location`` is "" for the state itself."""
