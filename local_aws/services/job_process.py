"""A job's process from start to end: by itself, by a stop request, by its time limit, or by the server's stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from local_aws.api import Context
from local_aws.identity.acting import start_child
from local_aws.process_table import kill_marked
from local_aws.processes import MARK, Process, child_environment

LOOK_SECONDS = 0.2
SHUTDOWN_GRACE_SECONDS = 5.0


class InterruptedByShutdownError(Exception):
    """The server stops while the job runs: the job keeps its status and runs again after the next start."""


@dataclass
class Control:
    """How the outside speaks to a running job."""

    stop: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def check_closing(self) -> None:
        if self.closing.is_set():
            raise InterruptedByShutdownError


class Follower(Protocol):
    """Watches a job while it runs: its log, its checkpoints."""

    def look(self) -> None:
        """Called several times a second while the process runs; must be quick."""

    def end(self) -> None:
        """Called once when the process has ended, but not when the server stops."""


class Ending(Enum):
    ITSELF = "ended by itself"
    STOPPED = "stopped on request"
    TIME_LIMIT = "stopped at its time limit"


@dataclass(frozen=True)
class Outcome:
    """``exit_code`` as a container engine reports it: 128 + the number of the signal that killed it.

    ``killed``: by SIGKILL, which a program cannot send itself by mistake and this server did not send.
    """

    ending: Ending
    exit_code: int
    killed: bool = False


@dataclass(frozen=True)
class Job:
    """What a container engine would be given. ``root`` is seen as /opt/ml; an isolated job reaches no AWS service."""

    name: str
    argv: Sequence[str]
    workdir: Path
    environment: Mapping[str, str]
    log: Path
    root: Path | None = None
    isolated: bool = False


def start(context: Context, job: Job) -> Process:
    """Raises ``ProcessStartError``."""
    return start_child(
        context,
        lambda own: own.supervisor.start(
            job.name, job.argv, cwd=job.workdir, env=_environment(own, job), log=job.log, opt_ml=job.root
        ),
    )


def run(
    context: Context,
    job: Job,
    control: Control,
    *,
    limit_seconds: float,
    grace_seconds: float,
    followers: Sequence[Follower] = (),
) -> Outcome:
    """Blocks until the process has ended. Raises ``ProcessStartError`` and ``InterruptedByShutdownError``."""
    process = start(context, job)
    try:
        outcome = _await_end(process, control, time.monotonic() + limit_seconds, grace_seconds, followers)
    except BaseException:
        process.kill()  # what follows the job has failed: nobody would ever stop it
        raise
    finally:
        kill_marked(f"{MARK}={process.mark}")  # children that left the process group in a session of their own
    for follower in followers:
        follower.end()
    return outcome


def _await_end(
    process: Process, control: Control, deadline: float, grace_seconds: float, followers: Sequence[Follower]
) -> Outcome:
    while True:
        try:
            code = process.wait(LOOK_SECONDS)
        except TimeoutError:
            if control.closing.is_set():
                process.terminate(SHUTDOWN_GRACE_SECONDS)
                raise InterruptedByShutdownError from None
            if control.stop.is_set():
                return Outcome(Ending.STOPPED, _engine_code(process.terminate(grace_seconds)))
            if time.monotonic() > deadline:
                return Outcome(Ending.TIME_LIMIT, _engine_code(process.terminate(grace_seconds)))
            for follower in followers:
                follower.look()
        else:
            control.check_closing()  # the server's own stop may have ended the process
            return Outcome(Ending.ITSELF, _engine_code(code), killed=code == -signal.SIGKILL)


def _environment(context: Context, job: Job) -> dict[str, str]:
    own = child_environment(context)
    if job.isolated:
        own = {name: value for name, value in own.items() if not name.startswith("AWS_")}
    return {**own, **job.environment}


def _engine_code(code: int) -> int:
    return 128 - code if code < 0 else code
