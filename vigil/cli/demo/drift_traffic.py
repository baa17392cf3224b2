"""Clients of the endpoint: a drifted quarter's reports, their labels, and requests that go on while a model changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigil.cases.quarter import Quarter
from vigil.cli.demo import services
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.state import REPOSITORY, DemoError, LocalState, aws_variables, child_variables

# What really happened to FAERS (docs/data.md): a sender's 8 % of one quarter, and members of the EU written otherwise.
DRIFTS = ("sender-batch", "country-recode")
CASES, SEED = "2600", "11"
# A client that sends a small batch four times a second: enough to be compared in the shadow, little for two cores.
CLIENT = ("--batch", "2", "--interval", "0.25")
STAGE = "Reports"
CLIENT_GRACE_SECONDS = 120


def drifted_quarter(state: LocalState, journey: Journey) -> Path:
    """The quarter after the newest that a model was trained or tested on, with drift in it."""
    step = journey.step(STAGE, "drifted quarter")
    step.begin("making it")
    newest = max(
        quarter for release in json.loads(services.run_vigil("datasets", "list", "--json"))
        for quarter in release["quarters"]
    )  # fmt: skip
    quarter = str(Quarter.parse(newest).next())
    folder = state.root / "drift"
    drifts = [word for name in DRIFTS for word in ("--drift", name)]
    services.run_vigil(
        "synth", "--quarters", quarter, "--cases", CASES, "--seed", SEED, *drifts, "--out", str(folder.resolve())
    )
    (archive,) = (path for path in folder.glob("*.zip") if quarter.lower() in path.name.lower())
    step.finish(f"{archive.name}: {', '.join(DRIFTS)}")
    return archive


def score(archive: Path, journey: Journey) -> None:
    """The reports of the quarter as they come in, without their outcomes."""
    step = journey.step(STAGE, "scored at intake")
    step.begin(archive.name)
    told = json.loads(services.run_vigil("cases", "score", str(archive.resolve()), "--json"))
    step.finish(f"{told['cases']} cases in {told['batches']} requests, {told['failed_cases']} cases failed")
    if told["errors"]:
        raise DemoError(f"requests failed: {told['errors']}; see the log of the endpoint")


def bring_labels(archive: Path, journey: Journey) -> None:
    """FDA publishes the quarter: its outcomes say what was serious, late but for the cases that were scored."""
    step = journey.step(STAGE, "ground truth arrives")
    step.begin(archive.name)
    services.run_vigil("quarters", "land", str(archive.resolve()))
    told = json.loads(services.run_vigil("cases", "labels", str(archive.resolve()), "--json"))
    step.finish(f"{told['labels']} labels; the quarter has landed")


@dataclass
class Clients:
    """What the clients were answered while a model changed; empty until they have stopped."""

    told: dict[str, Any] = field(default_factory=dict)


@contextmanager
def clients(archive: Path) -> Iterator[Clients]:
    """Requests in a process of their own, for as long as the block lasts."""
    command = [str(Path(sys.executable).parent / "vigil"), "cases", "score", str(archive.resolve()), *CLIENT, "--json"]
    variables = child_variables({name: os.environ[name] for name in aws_variables("")})
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    running = Clients()
    try:
        yield running
    finally:
        process.terminate()
        try:
            output, _ = process.communicate(timeout=CLIENT_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        running.told = json.loads(output) if output.strip() else {}
