"""The archived history of an execution: what it was, then each event, as canonical JSON lines, redacted.

Step Functions forgets a closed execution after 90 days (Step Functions guide, "Quotas", execution history retention
time). The same end always gives the same bytes, whenever it is archived: how it ended is read from its events, and what
happened after a redrive belongs to the next end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vigil.approvals.redaction import Redactor
from vigil.digests import canonical_json
from vigil.executions.visits import details
from vigil.moments import timestamp

FORMAT = "vigil.execution-history/1"
#: What DescribeExecution says of an execution that stays true whatever follows.
LASTING = ("executionArn", "stateMachineArn", "stateMachineVersionArn", "name", "startDate", "input", "traceHeader")
STATUS_OF_END = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


class HistoryIncompleteError(Exception):
    """The history does not tell of this end (yet): it may lag behind the status. Try again."""


def archive_lines(described: Mapping[str, Any], events: Sequence[Mapping[str, Any]], redrive: int) -> list[bytes]:
    """The lines of the end after ``redrive`` redrives, each with its line feed. ``events`` are whole and in order.

    Raises ``HistoryIncompleteError``.
    """
    until = _up_to_end(events, redrive)
    end = until[-1]
    first: dict[str, Any] = {"format": FORMAT, **{name: described[name] for name in LASTING if name in described}}
    first |= {"redriveCount": redrive, "status": STATUS_OF_END[str(end["type"])], "stopDate": end["timestamp"]}
    first |= {name: details(end)[name] for name in ("output", "error", "cause") if name in details(end)}
    # All at once: a secret that one event names is masked in every line.
    redacted = Redactor().redact([_plain(first), *(_plain(event) for event in until)])
    # What it is filed under is no secret, whatever somebody calls one in the input.
    redacted[0]["executionArn"] = described["executionArn"]
    return [canonical_json(line) + b"\n" for line in redacted]


def archive_key(execution_arn: str, redrive: int) -> str:
    """No execution's name has a slash (StartExecution, API reference): none can be filed where another's redrive is."""
    machine, name = execution_arn.split(":")[6:8]
    ending = f"/redrive-{redrive}" if redrive else ""
    return f"histories/{machine}/{name}{ending}.jsonl"


def describes(content: bytes, execution_arn: str, redrive: int) -> bool:
    """Whether an archive is of this end, and nothing that somebody put in its place."""
    try:
        first = json.loads(content.split(b"\n", 1)[0])
    except ValueError:
        return False
    return isinstance(first, dict) and (first.get("executionArn"), first.get("redriveCount")) == (
        execution_arn,
        redrive,
    )


def _up_to_end(events: Sequence[Mapping[str, Any]], redrive: int) -> Sequence[Mapping[str, Any]]:
    redriven = [index for index, event in enumerate(events) if event["type"] == "ExecutionRedriven"]
    until = events[: redriven[redrive]] if len(redriven) > redrive else events
    if len(redriven) < redrive or not until or until[-1]["type"] not in STATUS_OF_END:
        raise HistoryIncompleteError(f"the history does not tell of end {redrive} yet: try again in a moment")
    return until


def _plain(value: Any) -> Any:
    """JSON data: moments as Vigil writes them."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
