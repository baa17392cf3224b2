"""The distributions that moved, for people to look at. Needs no sketch library: pages run where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.monitoring.models import Violation


class MovedDistribution(BaseModel):
    """``baseline`` and ``window``: shares by ``labels``, 0 to 1. ``distance``: Jensen-Shannon, base 2."""

    model_config = ConfigDict(frozen=True)

    name: str
    labels: tuple[str, ...]
    baseline: tuple[float, ...]
    window: tuple[float, ...]
    distance: float


def moved_distributions(
    window_statistics: Mapping[str, Any], violations: Iterable[Violation]
) -> list[MovedDistribution]:
    """Of a window's ``statistics.json``, which holds the baseline's shares too: the columns with a violation.

    The one that moved furthest comes first. A column that only one side has is not among them.
    """
    named = {violation.feature for violation in violations}
    compared = window_statistics.get("vigil", {}).get("compared", {})
    found = [MovedDistribution(name=name, **shares) for name, shares in compared.items() if name in named]
    return sorted(found, key=lambda moved: (-moved.distance, moved.name))
