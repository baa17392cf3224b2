"""The end of a Glue run's log, from CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LINES = 40  # the end says why a run failed; the whole log is behind the link
DEFAULT_GROUP = "/aws-glue/jobs"  # Glue's own, where the job names none (Glue guide, "Continuous logging")


def log_tail(run: Mapping[str, Any], client: Any = None) -> Iterator[str]:
    """The last lines of a run's output and error streams, redacted. A log that cannot be read is said."""
    if client is None:
        from vigil.aws.environment import aws_client

        client = aws_client("logs")
    group = run.get("LogGroupName") or DEFAULT_GROUP
    for stream in ("output", "error"):
        yield from _stream_tail(client, f"{group}/{stream}", str(run["Id"]))


def _stream_tail(client: Any, group: str, stream: str) -> Iterator[str]:
    from vigil.approvals.redaction import redact_text

    try:
        answer = client.get_log_events(logGroupName=group, logStreamName=stream, limit=LINES, startFromHead=False)
    except client.exceptions.ResourceNotFoundException:
        return
    except (BotoCoreError, ClientError) as error:
        yield f"(the log {group} could not be read: {type(error).__name__})"
        return
    if answer["events"]:
        yield f"--- the end of {group}"
    for event in answer["events"]:
        yield redact_text(event["message"].rstrip("\n"))
