"""The monitors as the drift scenarios ask them: a window in, what was found out. Every case has its label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.drift_windows import Cases, World
from vigil.change_control.models import Plan
from vigil.digests import canonical_json, sha256_hex
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


def judged_by(plan: Plan) -> dict[str, Any]:
    """The plan's numbers that the four monitors judge by, and their SHA-256: other numbers ask for another run.

    Without the reasons and the windows' length, which change no verdict here.
    """
    monitoring = plan.protocol.monitoring.model_dump(mode="json")
    rules = {
        name: {rule: value for rule, value in monitoring[name].items() if rule != "reason"}
        for name in (monitor.value.replace("-", "_") for monitor in Monitor)
    }
    return {"rules": rules, "rules_digest": sha256_hex(canonical_json(rules))}
