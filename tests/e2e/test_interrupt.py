"""Ctrl-C ends everything that the demo started. Runs before the whole job, so that one Airflow runs at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running_stack import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_an_interrupted_demo_leaves_nothing_running(repository: Path, tmp_path: Path) -> None:
    state_dir, output = tmp_path / "state", tmp_path / "demo.log"
    command = [str(Path(sys.executable).parent / "vigil"), "demo", "--state-dir", str(state_dir)]
    with output.open("w") as log:
        process = subprocess.Popen(
            command, cwd=repository, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    deadline = time.monotonic() + 120
    # The named point: Airflow is starting and the stack is being deployed.
    while "airflow: starting" not in output.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(processes_of(state_dir)) >= 2, output.read_text()
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130, output.read_text()
    assert "Nothing is left running" in output.read_text()
    assert not processes_of(state_dir)
