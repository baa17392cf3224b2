"""One line of a log for an event of an execution's history.

Step Functions keeps a task's parameters in its history, and so task tokens. An event goes through the redactor before
it is looked at, and a line is made from named fields only: inputs, outputs and task parameters never are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from vigil.approvals.redaction import redact, redact_text

CAUSE_LIMIT = 2000  # characters: enough of a stack trace for triage; the execution keeps the rest


def describe_event(event: Mapping[str, Any]) -> str | None:
    """One line from an event of GetExecutionHistory; ``None`` where there is nothing to say.

    States entered and left, tasks that failed or wait for an answer, and the execution's own start and end are told.
    """
    clean = redact(dict(event))
    kind = str(clean["type"])
    details = _details(clean)
    if kind.endswith("StateEntered"):
        return f"→ {details.get('name', '')}"
    if kind.endswith("StateExited"):
        return f"← {details.get('name', '')}"
    if awaits_token(clean):
        return f"  waits for an answer ({details.get('resourceType', 'task')})"
    if is_failure(clean):
        reasons = [str(details[field]) for field in ("error", "cause") if details.get(field)]
        return f"  {': '.join([kind, *reasons])}"[:CAUSE_LIMIT]
    return f"  {kind}" if kind in {"ExecutionStarted", "ExecutionSucceeded", "ExecutionRedriven"} else None


def log_line(event: Mapping[str, Any]) -> str | None:
    """``describe_event`` with the event's own time (UTC): a log is written when somebody looks, which may be later."""
    line = describe_event(event)
    return None if line is None else f"{event['timestamp'].astimezone(UTC):%H:%M:%SZ} {line}"


def describe_end(execution: Mapping[str, Any], state: str) -> str:
    """How an execution (of DescribeExecution) ended: its status, the state, the error and its cause, redacted."""
    what = f"{execution['executionArn']} ended {execution['status']} in state {state or '(none)'}"
    reasons = [redact_text(str(execution[field])) for field in ("error", "cause") if execution.get(field)]
    return ": ".join([what, *reasons])[:CAUSE_LIMIT]


def state_entered(event: Mapping[str, Any]) -> str | None:
    """The name of the state that this event entered, if it is such an event."""
    return str(_details(event).get("name", "")) if str(event["type"]).endswith("StateEntered") else None


def is_failure(event: Mapping[str, Any]) -> bool:
    return str(event["type"]).endswith(("Failed", "TimedOut", "Aborted"))


def awaits_token(event: Mapping[str, Any]) -> bool:
    """Whether this is a task that has been handed over and now waits for the answer to its task token."""
    return event["type"] == "TaskSubmitted" and str(_details(event).get("resource", "")).endswith(".waitForTaskToken")


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    return next((value for value in found if isinstance(value, Mapping)), {})
