"""How often the monitors cry wolf, and at what size each drift scenario is caught, with fixed seeds.

    python -m benchmarks.drift_scenarios --write

Twenty windows without drift of 650, 1,300 and 2,600 cases; then each scenario of
``vigil/cases/synthetic/drift.py`` in windows of these sizes, with all, half and a quarter of the window's cases from a
quarter with that drift. ``--write`` keeps the results (``benchmarks/results/drift_scenarios.json``) and writes
``docs/drift_scenarios.md`` from them; ``--page`` writes the page from the kept results alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.drift_monitors import Judge, judge, judged_by
from benchmarks.drift_page import NOT_RECEIVED, drift_page
from benchmarks.drift_windows import Cases, World, window
from vigil.cases.synthetic.drift import SCENARIOS
from vigil.change_control.plan import load_plan
from vigil.monitoring.models import Monitor

ROOT = Path(__file__).parents[1]
PLAN = ROOT / "change_control" / "plan.yaml"
RESULTS = ROOT / "benchmarks" / "results" / "drift_scenarios.json"
PAGE = ROOT / "docs" / "drift_scenarios.md"

SEED = 7  # of what the model is trained on, and of the baseline
SIZES = (650, 1300, 2600)
SHARES = (1.0, 0.5, 0.25)
QUIET_SEEDS = tuple(range(101, 121))
DRIFT_SEEDS = (201, 202, 203)
#: These take seconds for a window, so they are asked of the largest with all of the drift alone.
COSTLY = (Monitor.BIAS, Monitor.ATTRIBUTION)
#: Of what the endpoint does not receive, one quarter each has to do: generating and curating it takes most of the time.
HIDDEN_SEEDS = DRIFT_SEEDS[:1]
LARGEST = {"share": max(SHARES), "cases": max(SIZES)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="keep the results and write the page")
    parser.add_argument("--page", action="store_true", help="write the page from the kept results, measure nothing")
    options = parser.parse_args()
    if not options.page:
        with tempfile.TemporaryDirectory(prefix="vigil-drift-") as temporary:
            results = measure(Path(temporary))
        if not options.write:
            print(drift_page(results))
            return
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(drift_page(json.loads(RESULTS.read_bytes())), encoding="utf-8")


def measure(folder: Path) -> dict[str, Any]:
    """The results, ready for JSON."""
    plan = load_plan(PLAN)
    world = World(folder, plan, SEED)
    asked = {monitor: judge(monitor, world, plan) for monitor in Monitor}
    quiet = []
    for place, seed in enumerate(QUIET_SEEDS):
        cases, quarter = SIZES[place % len(SIZES)], world.quarter(seed)
        found = _found(asked, window(quarter, quarter, cases, 1.0, seed))
        quiet.append({"seed": seed, "cases": cases, "found": found})
        print(f"without drift, seed {seed}, {cases} cases: {found}", flush=True)
    clean = {seed: world.quarter(seed) for seed in DRIFT_SEEDS}
    return {
        **judged_by(plan),
        "seed": SEED,
        "baseline_cases": len(world.baseline),
        "sizes": list(SIZES),
        "shares": list(SHARES),
        "windows_each": len(DRIFT_SEEDS),
        "baseline_without_sex": _without_sex(world.baseline),
        "monitors": [str(monitor) for monitor in asked],
        "quiet": quiet,
        "scenarios": {name: _scenario(name, world, asked, clean) for name in SCENARIOS},
    }


def _scenario(name: str, world: World, asked: dict[Monitor, Judge], clean: dict[int, Cases]) -> dict[str, Any]:
    seeds = HIDDEN_SEEDS if name in NOT_RECEIVED else DRIFT_SEEDS
    drifted = {seed: world.quarter(seed, name) for seed in seeds}
    cells = []
    grid = [{"share": share, "cases": cases} for share in SHARES for cases in SIZES]
    for cell in [LARGEST] if name in NOT_RECEIVED else grid:
        costly = cell == LARGEST and name not in NOT_RECEIVED
        of_cell = {monitor: judge for monitor, judge in asked.items() if costly or monitor not in COSTLY}
        windows = [window(clean[seed], drifted[seed], int(cell["cases"]), cell["share"], seed) for seed in seeds]
        found = [_found(of_cell, seen) for seen in windows]
        cells.append({**cell, "found": found, "without_sex": [_without_sex(seen) for seen in windows]})
    print(f"{name}: {[cell['found'] for cell in cells if cell['share'] == 1.0]}", flush=True)
    return {"about": SCENARIOS[name].about, "cells": cells}


def _without_sex(cases: Cases) -> float:
    """Their share. The page says by it how near *sex-null* comes to the plan's limit."""
    return round(sum(1 for case in cases if case.report.sex is None) / len(cases), 4)


def _found(asked: dict[Monitor, Judge], seen: Cases) -> dict[str, list[str] | None]:
    return {str(monitor): found(seen) for monitor, found in asked.items()}


if __name__ == "__main__":
    main()
