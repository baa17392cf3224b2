"""The space of hyperparameters: ranges as a cube of numbers between 0 and 1, and the scales between the two.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.tuning_shapes import NumericRange, ParameterRanges

#: ``Auto`` takes the logarithm of a positive range that spans at least so many times its lower end; AWS does not say
#: how it chooses.
AUTO_LOGARITHMIC = 100.0


@dataclass(frozen=True)
class Numeric:
    name: str
    low: float
    high: float
    scale: str
    whole: bool

    def value(self, unit: float) -> str:
        start, end = self._scaled(self.low), self._scaled(self.high)
        number = min(max(self._unscaled(start + unit * (end - start)), self.low), self.high)
        return str(round(number)) if self.whole else repr(number)

    def features(self, text: str) -> list[float]:
        start, end = self._scaled(self.low), self._scaled(self.high)
        return [0.0 if start == end else (self._scaled(float(text)) - start) / (end - start)]

    def unit(self, text: str) -> float:
        return self.features(text)[0]

    def _scaled(self, number: float) -> float:
        if self.scale == "Logarithmic":
            return math.log(number)
        return -math.log1p(-number) if self.scale == "ReverseLogarithmic" else number

    def _unscaled(self, number: float) -> float:
        if self.scale == "Logarithmic":
            return math.exp(number)
        return -math.expm1(-number) if self.scale == "ReverseLogarithmic" else number


@dataclass(frozen=True)
class Categorical:
    name: str
    values: tuple[str, ...]

    def value(self, unit: float) -> str:
        return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]

    def features(self, text: str) -> list[float]:
        return [1.0 if text == value else 0.0 for value in self.values]

    def unit(self, text: str) -> float:
        return (self.values.index(text) + 0.5) / len(self.values)


@dataclass(frozen=True)
class Space:
    parameters: tuple[Numeric | Categorical, ...]

    def values(self, units: Sequence[float]) -> dict[str, str]:
        """Hyperparameters at a point of the cube."""
        return {one.name: one.value(float(unit)) for one, unit in zip(self.parameters, units, strict=True)}

    def features(self, values: dict[str, str]) -> list[float]:
        """Numbers between 0 and 1; a category becomes one number for each of its values."""
        return [number for one in self.parameters for number in one.features(values[one.name])]

    def units(self, values: dict[str, str]) -> list[float]:
        """The point of the cube whose hyperparameters are ``values``."""
        return [one.unit(values[one.name]) for one in self.parameters]

    def grid(self) -> Iterator[dict[str, str]]:
        """Every combination of categories, the last parameter fastest."""
        choices = [one.values for one in self.parameters if isinstance(one, Categorical)]
        for combination in itertools.product(*choices):
            yield {one.name: value for one, value in zip(self.parameters, combination, strict=True)}

    @property
    def grid_size(self) -> int | None:
        """None when a range is not categorical."""
        sizes = [len(one.values) for one in self.parameters if isinstance(one, Categorical)]
        return math.prod(sizes) if len(sizes) == len(self.parameters) else None


def space_of(ranges: ParameterRanges) -> Space:
    """Raises a ValidationException for ranges that make no sense."""
    numeric = [_numeric(one, whole=True) for one in ranges.get("IntegerParameterRanges", [])]
    numeric += [_numeric(one, whole=False) for one in ranges.get("ContinuousParameterRanges", [])]
    categorical = [
        Categorical(one["Name"], tuple(one["Values"])) for one in ranges.get("CategoricalParameterRanges", [])
    ]
    for one in categorical:
        if len(set(one.values)) < len(one.values):
            raise validation_error(f"The values of hyperparameter {one.name} must be different from each other.")
    parameters: tuple[Numeric | Categorical, ...] = (*numeric, *categorical)
    names = [one.name for one in parameters]
    if not names:
        raise validation_error("ParameterRanges must have at least one hyperparameter to search.")
    if len(set(names)) < len(names):
        raise validation_error(f"Hyperparameter names must be unique, not {', '.join(names)}.")
    return Space(parameters)


def _numeric(given: NumericRange, *, whole: bool) -> Numeric:
    name = given["Name"]
    try:
        low, high = float(given["MinValue"]), float(given["MaxValue"])
    except ValueError as error:
        raise validation_error(f"MinValue and MaxValue of hyperparameter {name} must be numbers.") from error
    if not (math.isfinite(low) and math.isfinite(high)) or (whole and not (low.is_integer() and high.is_integer())):
        kind = "whole numbers" if whole else "finite numbers"
        raise validation_error(f"MinValue and MaxValue of hyperparameter {name} must be {kind}.")
    if low > high:
        raise validation_error(f"MinValue of hyperparameter {name} must not be greater than its MaxValue.")
    scale = given.get("ScalingType", "Auto")
    if scale == "Logarithmic" and low <= 0:
        raise validation_error(f"Logarithmic scaling needs values greater than 0: see hyperparameter {name}.")
    if scale == "ReverseLogarithmic" and (whole or low < 0 or high >= 1):
        raise validation_error(
            f"ReverseLogarithmic scaling needs a continuous range within 0 <= x < 1: see hyperparameter {name}."
        )
    if scale == "Auto":
        scale = "Logarithmic" if low > 0 and high / low >= AUTO_LOGARITHMIC else "Linear"
    return Numeric(name, low, high, scale, whole)
