"""Made-up scored cases in columns, drawn with a seed; and the committed plan's own rules of data quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vigil.change_control.plan import load_plan
from vigil.monitoring.observed import OBSERVED

PLAN = Path(__file__).parents[2] / "change_control" / "plan.yaml"
RULES = load_plan(PLAN).protocol.monitoring.data_quality


def drawn(rows: int, seed: int, **changed: Any) -> pa.Table:
    """Columns of ``OBSERVED`` for ``rows`` cases; ``changed`` replaces whole columns."""
    random = np.random.default_rng(seed)

    def texts(values: list[str], shares: list[float]) -> list[str | None]:
        return [value or None for value in random.choice(values, rows, p=shares).tolist()]

    def lists(prefix: str, mean: float) -> list[list[str]]:
        sizes = 1 + random.poisson(mean, rows)
        ranks = random.zipf(1.6, int(sizes.sum())) % 3000
        ends = np.cumsum(sizes)
        return [
            sorted({f"{prefix} {rank}" for rank in ranks[end - size : end].tolist()})
            for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)
        ]

    reactions, drugs = lists("term", 2.0), lists("drug", 1.0)
    age = np.round(np.clip(random.normal(58, 18, rows), 0, 100))
    columns: dict[str, Any] = {
        "age_years": pa.array(age, mask=random.random(rows) < 0.3),
        "weight_kg": pa.array(np.clip(random.normal(75, 15, rows), 2, 200), mask=random.random(rows) < 0.6),
        "sex": texts(["F", "M", ""], [0.5, 0.35, 0.15]),
        "reporter_country": texts(["US", "EU", "JP", "CA", ""], [0.62, 0.2, 0.08, 0.07, 0.03]),
        "reporter_occupation": texts(["CN", "MD", "HP", "LW", ""], [0.45, 0.25, 0.25, 0.01, 0.04]),
        "sender": texts([f"SENDER {place}" for place in range(20)], [0.05] * 20),
        "reactions": reactions,
        "drugs": drugs,
        "reaction_count": [len(values) for values in reactions],
        "drug_count": [len(values) for values in drugs],
        "probability": random.beta(2, 2, rows),
        "uncertainty": random.beta(2, 30, rows),
        "band": texts(["high", "medium", "low"], [0.4, 0.4, 0.2]),
    }
    return pa.table({**columns, **changed}, schema=OBSERVED)
