"""Processes that outlive their starter are found again, stopped with all they started, and never mistaken."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from vigil.cli.demo import daemons
from vigil.cli.demo.state import LocalState

# A parent that starts a child and waits; it says so on its output once the child runs.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    state = LocalState(tmp_path / "state")
    state.create()
    return state


def started(state: LocalState, program: str, name: str = "part") -> daemons.Daemon:
    daemon = daemons.start(state, name, [sys.executable, "-c", program], {"PATH": "/usr/bin"}, state.root)
    assert daemons.wait_until(lambda: daemon.log.read_text() != "", 20)
    return daemon


def test_a_running_daemon_is_found_again_by_its_name(state: LocalState) -> None:
    daemon = started(state, STUBBORN)
    assert daemons.find(state, "part") == daemon
    assert daemons.stop(state, "part", signal.SIGINT, 10)
    assert daemons.find(state, "part") is None


def test_stop_ends_the_children_that_a_parent_left(state: LocalState) -> None:
    daemon = started(state, FAMILY)
    child = int(daemon.log.read_text().split()[1])
    daemons.stop(state, "part", signal.SIGTERM, 10)
    assert daemons._birth(child) is None


def test_stop_ends_a_daemon_that_ignores_the_polite_signal(state: LocalState) -> None:
    daemon = started(state, STUBBORN)
    daemons.stop(state, "part", signal.SIGTERM, 0.5)
    assert not daemon.alive()


def test_a_process_number_that_now_belongs_to_a_stranger_is_left_alone(state: LocalState) -> None:
    stranger = started(state, STUBBORN, "stranger")
    record = {"pid": stranger.pid, "born": stranger.born - 1, "log": str(stranger.log)}
    (state.processes / "part.json").write_text(json.dumps(record))
    assert not daemons.stop(state, "part", signal.SIGTERM, 1)
    assert stranger.alive()
    daemons.stop(state, "stranger", signal.SIGINT, 10)


def test_stopping_what_never_ran_says_so(state: LocalState) -> None:
    assert not daemons.stop(state, "part", signal.SIGTERM, 1)


def test_a_child_can_be_interrupted_even_where_its_starter_ignores_interrupts(state: LocalState) -> None:
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, flush=True); signal.pause()"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        daemon = started(state, program)
        assert daemon.log.read_text().strip() == "False"
    finally:
        signal.signal(signal.SIGINT, before)
        daemons.stop(state, "part", signal.SIGTERM, 10)
