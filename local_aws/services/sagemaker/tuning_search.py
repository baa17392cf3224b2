"""Which hyperparameters to try next: Random, Grid and Bayesian search.

Each suggestion follows from the seed, its number and what is known by then, so a restarted server goes on as it
would have. Bayesian search fits scikit-learn's Gaussian process to the objective and takes the point of greatest
expected improvement, as https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
describes; jobs that still run count with the value that is expected of them.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_aws.services.sagemaker.tuning_space import Space

#: Points that are drawn at random before there is enough to learn from.
FIRST_POINTS = 3
CANDIDATES = 1000
NEAR_CANDIDATES = 200
NEAR_SPREAD = 0.05
DRAWS = 100


class SearchUnavailableError(Exception):
    """The library that a strategy needs is not installed."""


@dataclass(frozen=True)
class Known:
    """``observed``: hyperparameters and the objective, to be made small; ``tried``: those that still run as well."""

    observed: Sequence[tuple[dict[str, str], float]]
    tried: Sequence[dict[str, str]]


def suggest(strategy: str, space: Space, seed: int, number: int, known: Known) -> dict[str, str] | None:
    """Hyperparameters of suggestion ``number`` (0, 1, ...), or None when the grid is exhausted."""
    if strategy == "Grid":
        return next(itertools.islice(space.grid(), number, None), None)
    random = _generator(seed, number)
    if strategy == "Random" or len(known.observed) < FIRST_POINTS:
        return _fresh(space, random, known.tried)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # the matrices are small, and the cores belong to the training jobs
        return _most_promising(space, random, seed, known)


def check_available(strategy: str) -> None:
    """Raises ``SearchUnavailableError``."""
    try:
        if strategy in ("Random", "Bayesian"):
            import numpy  # noqa: F401 - whether it is there
        if strategy == "Bayesian":
            import sklearn.gaussian_process  # noqa: F401 - whether it is there
    except ImportError as error:
        raise SearchUnavailableError(
            f"strategy {strategy} needs numpy and scikit-learn: install scikit-learn next to local_aws"
        ) from error


def _generator(seed: int, number: int) -> Any:
    import numpy as np

    return np.random.default_rng([seed, number])


def _fresh(space: Space, random: Any, tried: Sequence[dict[str, str]]) -> dict[str, str]:
    """A random point, if possible one that was not tried before."""
    for _ in range(DRAWS):
        values = space.values(random.random(len(space.parameters)))
        if values not in tried:
            break
    return values


def _most_promising(space: Space, random: Any, seed: int, known: Known) -> dict[str, str]:
    import numpy as np

    seen = [space.features(values) for values, _ in known.observed]
    results = [result for _, result in known.observed]
    candidates = _candidates(space, random, known)
    if not candidates:
        return _fresh(space, random, known.tried)
    points = np.array([space.features(values) for values in candidates])
    model = _fitted(np.array(seen), np.array(results), seed)
    running = [space.features(values) for values in known.tried if values not in [one for one, _ in known.observed]]
    if running:
        expected = model.predict(np.array(running))
        model = _fitted(np.array([*seen, *running]), np.array([*results, *expected]), seed)
    mean, deviation = model.predict(points, return_std=True)
    return candidates[int(np.argmax(_expected_improvement(min(results), mean, deviation)))]


def _candidates(space: Space, random: Any, known: Known) -> list[dict[str, str]]:
    """Points all over the cube, and some close to the best one; none that was tried."""
    best = min(known.observed, key=lambda pair: pair[1])[0]
    units = random.random((CANDIDATES, len(space.parameters)))
    found = {tuple(sorted(values.items())): values for values in map(space.values, units)}
    centre = space.units(best)
    for _ in range(NEAR_CANDIDATES):
        near = [min(max(middle + random.normal(0, NEAR_SPREAD), 0.0), 1.0) for middle in centre]
        values = space.values(near)
        found[tuple(sorted(values.items()))] = values
    for values in known.tried:
        found.pop(tuple(sorted(values.items())), None)
    return list(found.values())


def _fitted(points: Any, results: Any, seed: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern([0.5] * points.shape[1], (0.05, 10.0), nu=2.5)
    model = GaussianProcessRegressor(
        kernel + WhiteKernel(1e-3, (1e-6, 1e-1)), normalize_y=True, random_state=seed % 2**32
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length scale at its bound, which is no concern of the caller
        return model.fit(points, results)


def _expected_improvement(best: float, mean: Any, deviation: Any) -> Any:
    import numpy as np
    from scipy.stats import norm

    spread = np.maximum(deviation, 1e-12)
    gain = best - mean
    return gain * norm.cdf(gain / spread) + spread * norm.pdf(gain / spread)
