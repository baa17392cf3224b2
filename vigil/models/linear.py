"""The baseline: logistic regression, whose coefficients a reviewer can read term by term."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.digests import canonical_json

MAX_ITERATIONS = 2000
TOLERANCE = 1e-6
DIGITS = 9  # kept of each coefficient: below the solver's own accuracy, above what any score shows


class NotConvergedError(RuntimeError):
    """The solver stopped before its tolerance was reached."""


@dataclass(frozen=True)
class LinearModel:
    """``coefficients``, shape (columns,), and ``means`` of the training columns, same shape, for the effects."""

    coefficients: NDArray[np.float64]
    intercept: float
    means: NDArray[np.float64]

    @classmethod
    def fit(cls, features: Any, serious: NDArray[np.bool_], *, c: float) -> LinearModel:
        """Fit on a csr matrix (reports, columns). One thread of BLAS: the sums' order decides the last bits."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        solver = LogisticRegression(C=c, solver="lbfgs", tol=TOLERANCE, max_iter=MAX_ITERATIONS)
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # raised as an error below
            solver.fit(features.astype(np.float64), serious)
        if int(solver.n_iter_[0]) >= MAX_ITERATIONS:
            raise NotConvergedError(f"logistic regression did not converge in {MAX_ITERATIONS} steps: lower linear_c")
        return cls(
            coefficients=np.array([_rounded(value) for value in solver.coef_[0]]),
            intercept=_rounded(solver.intercept_[0]),
            means=np.array([_rounded(value) for value in np.asarray(features.mean(axis=0), np.float64).ravel()]),
        )

    def log_odds(self, features: Any) -> NDArray[np.float64]:
        """Shape (reports,)."""
        return np.asarray(features @ self.coefficients, np.float64) + self.intercept

    def save(self, path: Path) -> None:
        document = {
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
            "means": self.means.tolist(),
        }
        path.write_bytes(canonical_json(document))

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        document = json.loads(path.read_bytes())
        return cls(
            coefficients=np.array(document["coefficients"], np.float64),
            intercept=float(document["intercept"]),
            means=np.array(document["means"], np.float64),
        )


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
