"""`local_aws`, started and stopped as the separate program it is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from vigil.cli.demo import daemons
from vigil.cli.demo.state import REPOSITORY, DemoError, LocalState, child_variables, read_json

NAME = "local_aws"
START_LIMIT_SECONDS = 120
STOP_GRACE_SECONDS = 60


def start(state: LocalState, airflow: Path) -> str:
    """Start it, or find it running. Returns its URL once it answers.

    ``airflow``: the file that says which Airflow stands for the MWAA environment.
    """
    if daemons.find(state, NAME) is None:
        argv = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(state.local_aws.resolve())]
        argv += ["--iam", "enforce"]
        argv += ["--mail-dir", str(state.mail.resolve())]
        argv += ["--mwaa-environment", str(airflow.resolve())]
        argv += ["--image", str(REPOSITORY / "containers" / "ml" / "image.toml")]
        daemon = daemons.start(state, NAME, argv, child_variables({}), REPOSITORY)
        _await_answer(state, daemon)
    return str(read_json(state.local_aws / "endpoint.json")["url"])


def stop(state: LocalState) -> bool:
    was_running = daemons.stop(state, NAME, signal.SIGTERM, STOP_GRACE_SECONDS)
    if (state.local_aws / "state.sqlite3").exists():
        # It also ends the jobs and endpoints of a server that was killed and could not do so itself.
        argv = [sys.executable, "-m", "local_aws", "stop", "--state-dir", str(state.local_aws.resolve())]
        subprocess.run(argv, cwd=REPOSITORY, env=child_variables({}), check=False, capture_output=True, timeout=60)
    return was_running


def _await_answer(state: LocalState, daemon: daemons.Daemon) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while True:
        endpoint = read_json(state.local_aws / "endpoint.json")
        if endpoint.get("pid") == daemon.pid and _answers(str(endpoint["url"])):
            return
        if not daemon.alive() or time.monotonic() > deadline:
            raise DemoError(f"local_aws did not start. The end of {daemon.log}:\n{daemons.last_lines(daemon.log)}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False
