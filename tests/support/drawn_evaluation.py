"""An evaluation with curves of cases that were drawn at random: invented, but of the shape that real ones have."""

from __future__ import annotations

from typing import Any

import numpy as np
from candidate_evidence import passing_evaluation

from vigil.change_control.models import Plan
from vigil.models.curves import curves
from vigil.models.models import Evaluation

CASES = 1260


def drawn_evaluation(plan: Plan, seed: int = 7, gain: float = 1.6, **changes: Any) -> Evaluation:
    """``gain``: how far apart the two classes' scores are."""
    document = passing_evaluation(plan, **changes).model_dump(mode="json")
    random = np.random.default_rng(seed)
    for split in document["splits"].values():
        serious = random.random(CASES) < 0.55
        split["population"] = {"n": CASES, "prevalence": round(float(serious.mean()), 6)}
        for role, strength in (("baseline", gain * 0.8), ("candidate", gain)):
            odds = random.normal(0, 1, CASES) + strength / 2 * np.where(serious, 1.0, -1.0)
            split[role]["curves"] = curves(1 / (1 + np.exp(-strength * odds)), serious, 10).model_dump(mode="json")
            split[role]["subgroups"] = {
                name: measures | {"auroc": _auroc(random)} for name, measures in split[role]["subgroups"].items()
            }
    return Evaluation.model_validate(document)


def _auroc(random: np.random.Generator) -> dict[str, float]:
    value, half = float(random.uniform(0.8, 0.92)), float(random.uniform(0.015, 0.07))
    return {"value": round(value, 6), "low": round(value - half, 6), "high": round(min(value + half, 1), 6)}
