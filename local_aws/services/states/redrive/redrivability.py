"""Whether an execution can be redriven, and why not.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-eligibility
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from local_aws.services.states.models import Execution

PERIOD = timedelta(days=14)
REDRIVABLE_STATUSES = ("FAILED", "ABORTED", "TIMED_OUT")
#: The history must have room for ExecutionRedriven and at least one other event.
MAX_EVENTS_BEFORE = 24_998

RedriveStatus = Literal["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"]


def redrive_status(execution: Execution, *, too_long: bool = False) -> tuple[RedriveStatus, str | None]:
    """The status, and the reason of one that is not REDRIVABLE.

    ``too_long``: the history has more than ``MAX_EVENTS_BEFORE`` events.
    """
    if "child_of" in execution:
        return _status_of_child(execution)
    if execution["status"] not in REDRIVABLE_STATUSES:
        return "NOT_REDRIVABLE", f"Execution is {execution['status']} and cannot be redriven"
    stopped = execution["stopped"]
    if stopped is None or datetime.now(UTC) - stopped > PERIOD:
        return "NOT_REDRIVABLE", f"Execution ended more than {PERIOD.days} days ago and cannot be redriven"
    if too_long:
        reason = f"Execution history has more than {MAX_EVENTS_BEFORE} events and cannot be redriven"
        return "NOT_REDRIVABLE", reason
    return "REDRIVABLE", None


def _status_of_child(execution: Execution) -> tuple[RedriveStatus, str | None]:
    """Children of a map run go on when its execution is redriven."""
    if execution["status"] in REDRIVABLE_STATUSES:
        return "REDRIVABLE_BY_MAP_RUN", None
    return "NOT_REDRIVABLE", f"Execution is {execution['status']} and cannot be redriven"
