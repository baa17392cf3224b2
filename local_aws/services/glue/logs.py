"""A run's log: its last error line, and its streams in CloudWatch Logs.

A process has one log here, so the group ``output`` holds both of its streams; ``error`` holds the last traceback
of a failed run.
"""

from __future__ import annotations

import re
from pathlib import Path

from local_aws.api import Context
from local_aws.services.glue.shapes import JobRun
from local_aws.services.logs.following import LogFollower, follow

#: Where an error is looked for: the end of a log of any length.
TAIL_BYTES = 1 << 20
MESSAGE_CHARACTERS = 1024
EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Failure|Warning))(:|$)")
TRACEBACK = b"Traceback (most recent call last):"


def error_message(log: Path, exit_code: int) -> str:
    """The last line that names an exception, else the last line, else the exit code."""
    text = _tail(log)[1].decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    named = [line for line in lines if EXCEPTION.match(line)]
    text = named[-1] if named else lines[-1] if lines else f"The script ended with exit code {exit_code}"
    return text.strip()[:MESSAGE_CHARACTERS]


def follow_output(context: Context, run: JobRun, log: Path) -> LogFollower:
    """``/aws-glue/jobs/output``: everything that the run prints."""
    return follow(context, f"{run['LogGroupName']}/output", run["Id"], log)


def publish_error(context: Context, run: JobRun, log: Path) -> None:
    """``/aws-glue/jobs/error``: the last traceback and what follows it, or else the last line."""
    start, tail = _tail(log)
    lines = tail.splitlines(keepends=True)
    found = tail.rfind(TRACEBACK)
    offset = found if found >= 0 else len(tail) - len(lines[-1]) if lines else len(tail)
    LogFollower(context, f"{run['LogGroupName']}/error", run["Id"], log, start + offset).end()


def _tail(log: Path) -> tuple[int, bytes]:
    """The offset of the last whole lines of a log, and these lines."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - TAIL_BYTES)
            file.seek(start)
            if start:
                start += len(file.readline())
            return start, file.read()
    except OSError:
        return 0, b""
