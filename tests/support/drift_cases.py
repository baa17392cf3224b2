"""Windows with violations, the plan's rules and situations, invented: what decisions on drift are tested with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from vigil.change_control.models import Plan
from vigil.change_control.monitoring_rules import DriftRules
from vigil.change_control.plan import load_plan
from vigil.monitoring.decide import Situation
from vigil.monitoring.models import Monitor, NewData, Violation, Window, WindowReport, WindowStatus

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
SERVING, BASELINE = "a" * 64, "b" * 64
ENDPOINT = "triage"
NEW = NewData(quarters=("2025Q4",), cases=5000, archives=("s3://raw/quarters/2025Q4/x/a.zip",), profile="synthetic")


@cache
def real_plan() -> Plan:
    return load_plan(REPOSITORY / "change_control" / "plan.yaml")


def rules(**changes: Any) -> DriftRules:
    """Of the tree's plan, with changes."""
    return real_plan().modification_protocol.retraining.drift.model_copy(update=changes)


def week(number: int = 0) -> Window:
    start = datetime(2026, 3, 2, 5, 0, tzinfo=UTC) + timedelta(weeks=number)
    return Window(start=start, end=start + timedelta(weeks=1))


def violation(feature: str = "reporter_country", **changes: Any) -> Violation:
    said = {"check": "baseline_drift_check", "metric": "js_distance", "measured": 0.31, "limit": 0.1}
    return Violation.model_validate(
        {"feature": feature, "description": f"{feature} is distributed otherwise", **said, **changes}
    )


def report(monitor: Monitor = Monitor.DATA_QUALITY, violations: int = 3, **changes: Any) -> WindowReport:
    """A window of ``triage`` with violations: three columns, by default, for which the plan wants a retraining."""
    found = tuple(violation(f"column_{number}") for number in range(violations))
    usual: dict[str, Any] = {
        "endpoint": ENDPOINT, "monitor": monitor, "window": week(), "status": WindowStatus.VIOLATIONS, "cases": 812,
        "violation_count": violations, "violations": found, "artefact_digest": SERVING, "baseline_digest": BASELINE,
        "plan_digest": real_plan().digest, "report_uri": "s3://capture/reports/triage/x/", "finished_at": NOW,
    }  # fmt: skip
    return WindowReport.model_validate(usual | changes)


def situation(**changes: Any) -> Situation:
    """In which nothing stands in the way of a retraining."""
    free = Situation(serving=SERVING, running=None, last_retrained_at=None, new_data=NEW, now=NOW)
    return replace(free, **changes)
