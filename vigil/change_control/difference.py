"""What one version of the plan says otherwise than another, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vigil.change_control.models import Plan

#: What names an entry of a list, so that it is compared with its own former self wherever it stands.
NAMES = ("name", "field", "role", "risk")


@dataclass(frozen=True)
class Difference:
    """``where``: the path, as in ``plan.yaml``. ``before`` or ``after`` is None where that version has no such line."""

    where: str
    before: str | None
    after: str | None


def differences(before: Plan, after: Plan) -> list[Difference]:
    """In the order of the paths; empty for two plans with one digest."""
    old, new = (dict(_lines("", plan.model_dump(mode="json"))) for plan in (before, after))
    found = [
        Difference(where, old.get(where), new.get(where))
        for where in sorted(old.keys() | new.keys())
        if old.get(where) != new.get(where)
    ]
    if not found and before.digest != after.digest:
        return [Difference("the order of entries", before.digest, after.digest)]
    return found


def _lines(where: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(f"{where}.{key}" if where else key, inner)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        names = [_name(entry, number) for number, entry in enumerate(value)]
        for number, (name, entry) in enumerate(zip(names, value, strict=True)):
            # Two entries of one name must not hide each other.
            yield from _lines(f"{where}.{name if names.count(name) == 1 else f'{name}#{number}'}", entry)
    elif isinstance(value, list):
        yield where, ", ".join(str(entry) for entry in value) or "none"
    elif value is not None:
        yield where, str(value)


def _name(entry: Any, number: int) -> str:
    found = next((entry[name] for name in NAMES if isinstance(entry, dict) and name in entry), None)
    return str(number) if found is None else str(found)
