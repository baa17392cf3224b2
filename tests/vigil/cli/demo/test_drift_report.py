"""What the drift demo says where nothing is retrained: an end as good as another, if it names what to do."""

from __future__ import annotations

import io
from typing import Any

import pytest
from drift_cases import NOW, report, rules, situation
from rich.console import Console

from vigil.cli.demo.drift_report import held_back, print_held_back
from vigil.monitoring.decide import decide
from vigil.monitoring.models import Monitor, NewData
from vigil.monitoring.retraining import Running


def decided(monitor: Monitor = Monitor.DATA_QUALITY, **changes: Any) -> dict[str, Any]:
    """As `vigil drift list --json` has it."""
    return decide(report(monitor), rules(), situation(**changes)).model_dump(mode="json")


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"last_retrained_at": NOW}, "cool-down since the last retraining is not over"),
    ({"new_data": NewData()}, "there is nothing to train on"),
    ({"new_data": NewData(quarters=("2025Q4",), cases=3)}, "fewer new reports than the plan asks for"),
    ({"running": Running(training="t")}, "a training is in progress"),
]


@pytest.mark.parametrize(("changes", "why"), REASONS, ids=[each[1] for each in REASONS])
def test_a_retraining_that_may_not_start_is_told_with_the_command_that_overrides(
    changes: dict[str, Any], why: str
) -> None:
    decision = decided(**changes)
    assert held_back([decided(Monitor.BIAS), decision]) == decision
    told = io.StringIO()
    print_held_back(Console(file=told, width=40), decision)
    assert why in told.getvalue()
    command = f"vigil drift override {decision['decision_id']} --decide retrain --user NAME --reason WHY"
    assert f"A model-owner or model-owner-deputy may decide otherwise: {command}\n" in told.getvalue()


def test_what_no_override_can_mend_is_no_good_end() -> None:
    assert held_back([]) is None
    assert held_back([decided(Monitor.BIAS), decided(serving="c" * 64), decided()]) is None
