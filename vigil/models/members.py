"""The ensemble's boosted trees: XGBoost members that differ in seed and so in the rows and columns they see."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from vigil.models.hyperparameters import Hyperparameters

# One thread for each booster: the order in which sums are added up decides the bytes, and OpenMP's threads, which wait
# by spinning, take minutes instead of seconds where the cores are shared. Members are fitted side by side instead.
THREADS = 1
MEMBERS_AT_ONCE = 2
SEED_STEP = 1009  # members' seeds lie apart, so that neighbouring seeds of two trainings share no member


class TreeMember:
    """One booster. Saved as UBJSON, XGBoost's own format, never pickled."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        self._booster.set_param({"nthread": THREADS})

    @classmethod
    def fit(cls, features: Any, serious: NDArray[np.bool_], chosen: Hyperparameters, member: int) -> TreeMember:
        """Fit the member number ``member`` (from 0) on a csr matrix (reports, columns)."""
        parameters = {
            "objective": "binary:logistic",
            "base_score": float(np.mean(serious)),
            "tree_method": "hist",
            "nthread": THREADS,
            "max_depth": chosen.max_depth,
            "eta": chosen.learning_rate,
            "min_child_weight": chosen.min_child_weight,
            "subsample": chosen.row_sample,
            "colsample_bytree": chosen.column_sample,
            "seed": (chosen.seed + SEED_STEP * member) % 2**31,
            "verbosity": 0,
        }
        matrix = xgboost.DMatrix(features, label=serious.astype(np.float32), nthread=THREADS)
        return cls(xgboost.train(parameters, matrix, num_boost_round=chosen.trees))

    @classmethod
    def fit_all(
        cls, features: Any, serious: NDArray[np.bool_], chosen: Hyperparameters, fitted: Callable[[int], None]
    ) -> tuple[TreeMember, ...]:
        """Fit all members; ``fitted`` is told each one's number, in order. Each is the same as if fitted alone."""
        members = []
        with ThreadPoolExecutor(MEMBERS_AT_ONCE) as threads:
            jobs = [threads.submit(cls.fit, features, serious, chosen, member) for member in range(chosen.members)]
            for number, job in enumerate(jobs):
                members.append(job.result())
                fitted(number)
        return tuple(members)

    @property
    def columns(self) -> int:
        return int(self._booster.num_features())

    def log_odds(self, features: Any) -> NDArray[np.float64]:
        """Shape (reports,)."""
        matrix = xgboost.DMatrix(features, nthread=THREADS)
        return np.asarray(self._booster.predict(matrix, output_margin=True), np.float64)

    def contributions(self, features: Any) -> NDArray[np.float64]:
        """What each column adds to the log-odds (TreeSHAP), shape (reports, columns); the bias is dropped."""
        matrix = xgboost.DMatrix(features, nthread=THREADS)
        return np.asarray(self._booster.predict(matrix, pred_contribs=True), np.float64)[:, :-1]

    def save(self, path: Path) -> None:
        self._booster.save_model(path)

    @classmethod
    def load(cls, path: Path) -> TreeMember:
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "no such member", str(path))
        booster = xgboost.Booster()
        booster.load_model(path)
        return cls(booster)
