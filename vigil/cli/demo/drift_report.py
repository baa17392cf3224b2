"""What the drift demo tells: what was decided and why, and how the retraining ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from vigil.cli.terminal_text import visible
from vigil.monitoring.models import Because

VIOLATIONS_SHOWN = 6
HELD_BACK = {
    Because.COOL_DOWN: "the plan's cool-down since the last retraining is not over",
    Because.NOTHING_NEW: "there is nothing to train on that was not tried already; a new quarter has to land first",
    Because.TOO_LITTLE_NEW_DATA: "there are fewer new reports than the plan asks for",
    Because.IN_PROGRESS: "a training is in progress, and there is one at a time; override once it has ended",
}


def print_decisions(console: Console, decisions: Sequence[dict[str, Any]]) -> None:
    """Each record: which monitor, what moved and how far, what was decided, why."""
    for each in decisions:
        report = each["report"]
        console.print(
            f"\n[bold]{report['monitor']}[/] · {report['violation_count']} violation(s) · {report['cases']} cases "
            f"→ [bold]{each['decide']}[/] ({each['because']}, rule {each['rule']})  decision {each['decision_id']}",
            soft_wrap=True,
        )
        table = Table(show_edge=False)
        for heading in ("what moved", "check", "measured", "limit"):
            table.add_column(heading)
        for violation in report["violations"][:VIOLATIONS_SHOWN]:
            table.add_row(
                visible(violation["feature"]), f"{violation['check']}: {violation['metric']}",
                _figure(violation["measured"]), _figure(violation["limit"]),
            )  # fmt: skip
        console.print(table)
        console.print(visible(each["explanation"]), markup=False)
    console.print()


def held_back(decisions: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """A decision whose rule wants a retraining that may not start now: how a demo ends that comes after another."""
    return next((each for each in decisions if each["wanted"] == "retrain" and each["because"] in HELD_BACK), None)


def print_held_back(console: Console, decision: dict[str, Any]) -> None:
    """Why nothing is retrained, and who may decide otherwise how."""
    roles = " or ".join(decision["may_override"])
    console.print(f"Nothing is retrained now: {HELD_BACK[decision['because']]}.", soft_wrap=True)
    console.print(
        f"A {roles} may decide otherwise: vigil drift override {decision['decision_id']} --decide retrain "
        "--user NAME --reason WHY",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def print_drift_outcome(console: Console, outcome: dict[str, Any], clients: dict[str, Any], airflow_url: str) -> None:
    """How it ended, what clients noticed of the change, and where to look."""
    if clients:
        failed = sum(clients["errors"].values())
        console.print(
            f"Clients while the model changed: {clients['batches']} requests, {failed} failed, "
            f"answered by {len(clients['models'])} models.",
            soft_wrap=True,
        )
    console.print(f"The retrained model: {outcome['status']}")
    console.print(f"Monitoring {airflow_url}/plugin/monitoring", soft_wrap=True)
    console.print(f"Models     {airflow_url}/plugin/models", soft_wrap=True)
    console.print("Decisions  vigil drift list", soft_wrap=True)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
