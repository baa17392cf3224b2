"""A run's log: its last error line, and its lines in CloudWatch Logs.

A process has one log here, so the group ``output`` holds both of its streams; ``error`` holds the last traceback
of a failed run.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.glue.shapes import JobRun

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
BATCH_EVENTS = 1000
LINE_CHARACTERS = 10_000
MESSAGE_CHARACTERS = 1024
EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Failure|Warning))(:|$)")
TRACEBACK = "Traceback (most recent call last):"


def error_message(log: Path, exit_code: int) -> str:
    """The last line that names an exception, else the last line, else the exit code."""
    lines = [line for line in _lines(log) if line.strip()]
    named = [line for line in lines if EXCEPTION.match(line)]
    text = named[-1] if named else lines[-1] if lines else f"The script ended with exit code {exit_code}"
    return text.strip()[:MESSAGE_CHARACTERS]


def publish(context: Context, run: JobRun, log: Path, *, failed: bool) -> None:
    """Copy the log to ``/aws-glue/jobs/output`` and ``…/error``. A failure to do so is logged and nothing more."""
    group = run["LogGroupName"]
    lines = _lines(log)
    try:
        _put(context.client("logs"), f"{group}/output", run["Id"], lines)
        if failed:
            _put(context.client("logs"), f"{group}/error", run["Id"], _last_traceback(lines))
    except (ClientError, BotoCoreError) as error:
        logger.warning("the log of run %s could not be published: %s", run["Id"], type(error).__name__)


def _put(client: Any, group: str, stream: str, lines: list[str]) -> None:
    for create, arguments in (
        (client.create_log_group, {"logGroupName": group}),
        (client.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
            create(**arguments)
    moment = int(time.time() * 1000)
    for batch in _batches([line for line in lines if line]):
        events = [{"timestamp": moment, "message": line[:LINE_CHARACTERS]} for line in batch]
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _batches(lines: list[str]) -> Iterator[list[str]]:
    remaining = iter(lines)
    while batch := list(itertools.islice(remaining, BATCH_EVENTS)):
        yield batch


def _last_traceback(lines: list[str]) -> list[str]:
    starts = [number for number, line in enumerate(lines) if line.startswith(TRACEBACK)]
    return lines[starts[-1] :] if starts else lines[-1:]


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
