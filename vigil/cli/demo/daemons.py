"""Processes that outlive the command that started them, and are found again to be stopped.

A record under ``.vigil/processes/`` holds the process id and its start time (field 22 of ``/proc/PID/stat``), so that a
process id which the kernel gave to somebody else is never signalled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigil.cli.demo.state import DemoError, LocalState, read_json


@dataclass(frozen=True)
class Daemon:
    """A started process, leader of its own session and process group."""

    name: str
    pid: int
    born: int
    log: Path

    def alive(self) -> bool:
        return _birth(self.pid) == self.born


def start(state: LocalState, name: str, argv: Sequence[str], variables: Mapping[str, str], folder: Path) -> Daemon:
    """Start ``argv`` detached; its output goes to ``.vigil/logs/NAME.log``."""
    log = state.logs / f"{name}.log"
    # A child ignores the signals that its parent ignores. A shell starts `command &` with SIGINT ignored, but SIGINT
    # is how `airflow standalone` is stopped cleanly; a caught signal is at its default again in the child.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(argv), cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    born = _birth(process.pid)
    if born is None:
        raise DemoError(f"{name} ended at once: read {log}")
    record = {"pid": process.pid, "born": born, "log": str(log)}
    (state.processes / f"{name}.json").write_text(json.dumps(record))
    return Daemon(name, process.pid, born, log)


def find(state: LocalState, name: str) -> Daemon | None:
    """The running process of that name, or None."""
    record = read_json(state.processes / f"{name}.json")
    if not record:
        return None
    daemon = Daemon(name, int(record["pid"]), int(record["born"]), Path(record["log"]))
    return daemon if daemon.alive() else None


def stop(state: LocalState, name: str, polite: signal.Signals, grace_seconds: float) -> bool:
    """Ask, wait, then end the whole process group. True where something was running."""
    daemon = find(state, name)
    if daemon is not None:
        _signal(daemon.pid, polite)
        wait_until(lambda: not daemon.alive(), grace_seconds)
    record = read_json(state.processes / f"{name}.json")
    session = int(record.get("pid", 0))
    # A stranger may have been given the number since: then its birth differs, and nothing of ours is left under it.
    if session and _birth(session) in (None, int(record["born"])):
        for pid in _members(session):
            _signal(pid, signal.SIGKILL)
        wait_until(lambda: not _members(session), 10)
    (state.processes / f"{name}.json").unlink(missing_ok=True)
    return daemon is not None


def wait_until(condition: Callable[[], bool], limit_seconds: float) -> bool:
    """Poll until the condition holds; False at the limit."""
    deadline = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for a person who must find out why something ended."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-count:])


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, or nothing for a process that is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    fields = text.rpartition(")")[2].split()
    return [] if fields[0] == "Z" else fields


def _birth(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _members(session: int) -> list[int]:
    """The living processes of a session: its id is that of the process which was started as its leader."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (fields := _stat(pid)) and int(fields[3]) == session]
