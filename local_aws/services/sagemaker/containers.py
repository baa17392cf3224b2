"""Running a job's process to its end: by itself, by a stop request, or by its time limit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from local_aws.api import Context
from local_aws.processes import Process, child_environment
from local_aws.services.sagemaker.jobs import Control, InterruptedByShutdownError

LOOK_SECONDS = 0.2
SHUTDOWN_GRACE_SECONDS = 5.0


class Ending(Enum):
    ITSELF = "ended by itself"
    STOPPED = "stopped on request"
    TIME_LIMIT = "stopped at its time limit"


@dataclass(frozen=True)
class Outcome:
    """``exit_code`` as a container engine reports it: 128 + the number of the signal that killed it."""

    ending: Ending
    exit_code: int


@dataclass(frozen=True)
class Container:
    """What ``docker run`` would be given. ``root`` is seen as /opt/ml."""

    name: str
    argv: Sequence[str]
    workdir: Path
    environment: Mapping[str, str]
    root: Path
    log: Path


def start(context: Context, container: Container) -> Process:
    """Raises ``ProcessStartError``."""
    return context.supervisor.start(
        container.name,
        container.argv,
        cwd=container.workdir,
        env={**child_environment(context), **container.environment},
        log=container.log,
        opt_ml=container.root,
    )


def run(
    context: Context, container: Container, control: Control, *, limit_seconds: float, grace_seconds: float
) -> Outcome:
    """Blocks until the process has ended. Raises ``ProcessStartError`` and ``InterruptedByShutdownError``."""
    process = start(context, container)
    deadline = time.monotonic() + limit_seconds
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
        else:
            control.check_closing()  # the server's own stop may have ended the process
            return Outcome(Ending.ITSELF, _engine_code(code))


def _engine_code(code: int) -> int:
    return 128 - code if code < 0 else code
