"""Percentile bootstrap: 95 % intervals from seeded resamples of the cases, the same resamples for both models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vigil.models.metrics import MEASURES, Array, Scored, measure
from vigil.models.models import DECIMALS, Measure, Measures

LOW, HIGH = 2.5, 97.5  # percentiles
CELLS_AT_ONCE = 4_000_000  # weights held in memory at once, 32 MB each array


@dataclass(frozen=True)
class Comparison:
    """``difference``: candidate minus baseline."""

    baseline: Measures
    candidate: Measures
    difference: Measures


class Bootstrap:
    """The resamples of one population: ``resamples`` draws of ``cases`` cases each, with replacement."""

    def __init__(self, cases: int, *, resamples: int, seed: int, capacity: float, bins: int) -> None:
        self._cases = cases
        self._resamples = resamples
        self._seed = seed
        self._capacity = capacity
        self._bins = bins

    def compare(self, serious: NDArray[np.bool_], baseline: Array, candidate: Array) -> Comparison:
        """Measure both models on the same resamples. ``serious`` and both probabilities have shape (cases,)."""
        models = [Scored.of(baseline, serious), Scored.of(candidate, serious)]
        whole = [self._measure(scored, np.ones((1, self._cases))) for scored in models]
        drawn: list[list[dict[str, Array]]] = [[], []]
        for weights in self._weights():
            for index, scored in enumerate(models):
                drawn[index].append(self._measure(scored, weights))
        samples = [{name: np.concatenate([part[name] for part in parts]) for name in MEASURES} for parts in drawn]
        difference = {name: whole[1][name] - whole[0][name] for name in MEASURES}
        sampled_difference = {name: samples[1][name] - samples[0][name] for name in MEASURES}
        return Comparison(
            baseline=_with_intervals(whole[0], samples[0]),
            candidate=_with_intervals(whole[1], samples[1]),
            difference=_with_intervals(difference, sampled_difference),
        )

    def alone(self, serious: NDArray[np.bool_], probability: Array) -> Measures:
        """Measure one model, on the resamples that ``compare`` uses. Both arrays have shape (cases,)."""
        scored = Scored.of(probability, serious)
        whole = self._measure(scored, np.ones((1, self._cases)))
        drawn = [self._measure(scored, weights) for weights in self._weights()]
        return _with_intervals(whole, {name: np.concatenate([part[name] for part in drawn]) for name in MEASURES})

    def _measure(self, scored: Scored, weights: Array) -> dict[str, Array]:
        return measure(scored, weights[:, scored.order], capacity=self._capacity, bins=self._bins)

    def _weights(self) -> Iterator[Array]:
        """How often each case is drawn, in blocks (resamples, cases)."""
        generator = np.random.default_rng(self._seed)
        block = max(1, CELLS_AT_ONCE // self._cases)
        for start in range(0, self._resamples, block):
            rows = min(block, self._resamples - start)
            draws = generator.integers(0, self._cases, size=(rows, self._cases))
            draws += np.arange(rows)[:, None] * self._cases
            counts = np.bincount(draws.ravel(), minlength=rows * self._cases)
            yield counts.reshape(rows, self._cases).astype(np.float64)


def _with_intervals(whole: dict[str, Array], samples: dict[str, Array]) -> Measures:
    return Measures(**{name: _interval(float(whole[name][0]), samples[name]) for name in MEASURES})


def _interval(value: float, sample: Array) -> Measure:
    """Resamples in which the measure is undefined say nothing about it and are left out."""
    defined = sample[~np.isnan(sample)]
    if np.isnan(value) or not len(defined):
        return Measure(value=None, low=None, high=None)
    low, high = np.percentile(defined, [LOW, HIGH])
    return Measure(value=round(value, DECIMALS), low=round(float(low), DECIMALS), high=round(float(high), DECIMALS))
