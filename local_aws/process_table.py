"""Reading ``/proc``: who runs, since when, in which group (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

PROC = Path("/proc")
EXIT_TIMEOUT_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Entry:
    """``started`` is in clock ticks since boot; a pair of pid and start time is never used twice."""

    pid: int
    state: str
    group: int
    started: int


@cache
def boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def entry(pid: int) -> Entry | None:
    """None when there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in parentheses and may itself hold spaces and parentheses.
    fields = text[text.rindex(")") + 2 :].split()
    return Entry(pid=pid, state=fields[0], group=int(fields[2]), started=int(fields[19]))


def start_time(pid: int) -> int | None:
    found = entry(pid)
    return None if found is None else found.started


def started_at(pid: int) -> datetime | None:
    """The wall-clock time at which a process started; None when there is no such process."""
    ticks = start_time(pid)
    if ticks is None:
        return None
    booted = next(int(line.split()[1]) for line in (PROC / "stat").read_text().splitlines() if line.startswith("btime"))
    return datetime.fromtimestamp(booted + ticks / os.sysconf("SC_CLK_TCK"), UTC)


def members(group: int) -> list[Entry]:
    """The living processes of a group; zombies are not counted."""
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    found = [entry(pid) for pid in pids]
    return [one for one in found if one is not None and one.group == group and one.state not in "ZX"]


def kill_group(leader: int, started: int | None, mark: str) -> bool:
    """SIGKILL the group that ``leader``, started at ``started``, leads or led, and await its end.

    The leader may have ended before its group: then only those members are killed that carry ``mark``
    (``NAME=value``) in their environment. Returns whether anything was killed.
    """
    current = entry(leader)
    if current is not None and current.state not in "ZX":
        if current.started != started:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
        await_end(leader)
        return True
    marked = [one for one in members(leader) if mark.encode() in environment(one.pid)]
    for one in marked:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)
    await_end(leader)
    return bool(marked)


def kill_marked(mark: str) -> int:
    """SIGKILL every process that carries ``mark`` (``NAME=value``) in its environment, whatever its group."""
    killed = 0
    for path in PROC.iterdir():
        if path.name.isdigit() and mark.encode() in environment(int(path.name)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.name), signal.SIGKILL)
                killed += 1
    return killed


def environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def await_end(group: int, timeout: float = EXIT_TIMEOUT_SECONDS) -> bool:
    """Whether the group was empty before ``timeout`` seconds had passed."""
    return _await(lambda: not members(group), timeout)


def await_exit(pid: int, started: int | None, timeout: float) -> bool:
    """Whether the process that started at ``started`` ended before ``timeout`` seconds had passed."""

    def ended() -> bool:
        current = entry(pid)
        return current is None or current.started != started or current.state in "ZX"

    return _await(ended, timeout)


def _await(condition: Callable[[], bool], timeout: float) -> bool:
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    return True
