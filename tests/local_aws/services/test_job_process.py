"""A job's process and those who follow it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from local_server import runs

from local_aws.api import Context
from local_aws.processes import Supervisor
from local_aws.services import job_process
from local_aws.services.job_process import Control, Ending, Job
from local_aws.store import Store


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    store, nobody = Store(tmp_path / "state.sqlite3"), MagicMock()
    supervisor = Supervisor(store, allow_mounts=False)
    clients: Any = nobody
    yield Context("http://unused", tmp_path, store, supervisor, clients, {})
    supervisor.stop_all()
    store.close()


class Witness:
    """Notes what it is asked; raises on demand."""

    def __init__(self, *, fails: bool = False) -> None:
        self.looks = 0
        self.ends = 0
        self._fails = fails

    def look(self) -> None:
        self.looks += 1
        if self._fails:
            raise RuntimeError("the disk is full")

    def end(self) -> None:
        self.ends += 1


def job(tmp_path: Path, program: str) -> Job:
    return Job("test", [sys.executable, "-c", program], tmp_path, {}, tmp_path / "job.log")


def test_followers_look_while_a_job_runs_and_once_more_when_it_has_ended(context: Context, tmp_path: Path) -> None:
    witness = Witness()
    program = "import time; time.sleep(0.5)"
    outcome = job_process.run(
        context, job(tmp_path, program), Control(), limit_seconds=30, grace_seconds=1, followers=[witness]
    )
    assert (outcome.ending, outcome.exit_code, outcome.killed) == (Ending.ITSELF, 0, False)
    assert witness.looks >= 1
    assert witness.ends == 1


def test_a_follower_that_fails_leaves_no_process_behind(context: Context, tmp_path: Path) -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(RuntimeError, match="the disk is full"):
        job_process.run(
            context,
            job(tmp_path, program),
            Control(),
            limit_seconds=30,
            grace_seconds=1,
            followers=[Witness(fails=True)],
        )
    written = (tmp_path / "job.log").read_text()
    assert not written or not runs(int(written))
    assert context.store.list("process") == []


def test_only_sigkill_from_elsewhere_counts_as_killed(context: Context, tmp_path: Path) -> None:
    def run(program: str) -> tuple[int, bool]:
        outcome = job_process.run(
            context, job(tmp_path, program), Control(), limit_seconds=30, grace_seconds=1, followers=[]
        )
        return outcome.exit_code, outcome.killed

    assert run("import os; os.kill(os.getpid(), 9)") == (137, True)
    assert run("import os; os.kill(os.getpid(), 6)") == (134, False)
    assert run("import sys; sys.exit(137)") == (137, False)
