"""Hyperparameters: text in the request, bounded by the plan, typed for the training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Protocol


class Bounds(Protocol):
    """What the plan says about one hyperparameter; both bounds belong to the range."""

    @property
    def default(self) -> float: ...
    @property
    def minimum(self) -> float: ...
    @property
    def maximum(self) -> float: ...


class HyperparameterError(ValueError):
    """A hyperparameter is unknown, not a number or outside the plan; the message names it."""


@dataclass(frozen=True)
class Hyperparameters:
    """``linear_c``: inverse strength of the linear model's L2 penalty. The rest, from ``trees`` on, is XGBoost's."""

    min_document_frequency: int
    linear_c: float
    members: int
    trees: int
    max_depth: int
    learning_rate: float
    min_child_weight: float
    row_sample: float
    column_sample: float
    seed: int

    def to_text(self) -> dict[str, str]:
        """As SageMaker carries them; ``parse_hyperparameters`` reads them back unchanged."""
        return {name: repr(value) for name, value in asdict(self).items()}


def parse_hyperparameters(raw: Mapping[str, str], bounds: Mapping[str, Bounds]) -> Hyperparameters:
    """Fill in the plan's defaults and check every bound. Raises ``HyperparameterError`` naming all that is wrong."""
    types = {field.name: field.type for field in fields(Hyperparameters)}
    problems = [f"{name}: unknown; choose from {', '.join(types)}" for name in sorted(set(raw) - set(types))]
    values: dict[str, float] = {}
    for name, kind in types.items():
        if name not in bounds:
            problems.append(f"{name}: the plan gives no bounds; add it under hyperparameters")
            continue
        try:
            values[name] = _value(raw.get(name), bounds[name], whole=kind == "int")
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise HyperparameterError("hyperparameters not usable: " + "; ".join(problems))
    return Hyperparameters(**{name: int(value) if types[name] == "int" else value for name, value in values.items()})  # type: ignore[arg-type]


def _value(text: str | None, bounds: Bounds, *, whole: bool) -> float:
    if text is None:
        return bounds.default
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise ValueError(f"not {'a whole number' if whole else 'a number'}") from None
    if not math.isfinite(value) or not bounds.minimum <= value <= bounds.maximum:
        raise ValueError(f"{value} is not within the plan's {bounds.minimum} to {bounds.maximum}")
    return value
