from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.drift_page import NOT_RECEIVED, drift_page
from vigil.cases.synthetic.drift import SCENARIOS
from vigil.monitoring.models import Monitor


@pytest.fixture(scope="module")
def results(repository: Path) -> dict[str, Any]:
    return dict(json.loads((repository / "benchmarks" / "results" / "drift_scenarios.json").read_bytes()))


def test_the_page_is_what_the_committed_results_say(repository: Path, results: dict[str, Any]) -> None:
    assert (repository / "docs" / "drift_scenarios.md").read_text(encoding="utf-8") == drift_page(results)


def test_every_scenario_and_every_monitor_is_in_it(repository: Path, results: dict[str, Any]) -> None:
    assert set(results["scenarios"]) == set(SCENARIOS)
    assert results["monitors"] == [str(monitor) for monitor in Monitor]
    page = drift_page(results)
    assert all(f"**{name}**" in page for name in SCENARIOS)


@pytest.mark.parametrize("monitor", list(Monitor))
def test_no_more_than_one_window_in_twenty_cries_wolf(results: dict[str, Any], monitor: Monitor) -> None:
    found = [window["found"][str(monitor)] for window in results["quiet"]]
    assert len(found) == 20
    assert all(by is not None for by in found)
    assert sum(1 for by in found if by) <= 1


#: Below the plan's limits: sexes went missing in 4 % more of the cases than in this baseline; of more serious cases,
#: two windows in three show it.
BELOW_THE_LIMITS = {"serious-rate", "sex-null"}


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - set(NOT_RECEIVED) - BELOW_THE_LIMITS))
def test_what_the_endpoint_receives_is_caught_at_the_size_it_had(results: dict[str, Any], name: str) -> None:
    (cell,) = [
        cell
        for cell in results["scenarios"][name]["cells"]
        if (cell["share"], cell["cases"]) == (1.0, max(results["sizes"]))
    ]
    assert all(any(by.values()) for by in cell["found"])
