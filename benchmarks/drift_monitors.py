"""The monitors as the drift scenarios ask them: a window in, what was found out. Every case has its label."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.drift_windows import Cases, World
from vigil.change_control.models import Plan
from vigil.monitoring.models import LabelCounts, Monitor, WindowStatus
from vigil.monitoring.monitors import make_monitor

#: The columns, measures or facets with a violation; None where the monitor does not judge so few cases.
Judge = Callable[[Cases], list[str] | None]


def judge(monitor: Monitor, world: World, plan: Plan) -> Judge:
    """One monitor, with the plan's rules and the world's baseline."""
    made = make_monitor(monitor, plan.protocol.monitoring, plan.protocol.evaluation, world.model)
    baseline = made.statistics(world.baseline)

    def found(window: Cases) -> list[str] | None:
        labels = LabelCounts(scored=len(window), labelled=len(window))
        findings = made.judge(made.statistics(window), baseline, labels)
        few = findings.status is WindowStatus.TOO_FEW
        return None if few else sorted({violation.feature for violation in findings.violations})

    return found
