"""The monitors as the drift scenarios ask them: a window in, what was found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.drift_windows import Scored, World
from vigil.change_control.models import Plan
from vigil.monitoring.data_quality import compare
from vigil.monitoring.models import Monitor, WindowStatus
from vigil.monitoring.profile import Profile


@dataclass(frozen=True)
class Found:
    """``by``: the columns, measures or facets with a violation."""

    status: WindowStatus
    by: tuple[str, ...]


Judge = Callable[[Scored], Found]


def judges(world: World, plan: Plan) -> dict[Monitor, Judge]:
    """One for each monitor, with the plan's rules and the world's baseline."""
    rules = plan.protocol.monitoring
    baseline = Profile.of([world.baseline.table])

    def data_quality(window: Scored) -> Found:
        found = compare(baseline, Profile.of([window.table]), rules.data_quality)
        return Found(found.status, tuple(sorted({violation.feature for violation in found.violations})))

    return {Monitor.DATA_QUALITY: data_quality}
