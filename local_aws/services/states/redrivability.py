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

RedriveStatus = Literal["REDRIVABLE", "NOT_REDRIVABLE"]


def redrive_status(execution: Execution, *, too_long: bool = False) -> tuple[RedriveStatus, str | None]:
    """The status, and the reason of one that is not REDRIVABLE.

    ``too_long``: the history has more than ``MAX_EVENTS_BEFORE`` events.
    """
    if "child_of" in execution:
        return "NOT_REDRIVABLE", "Execution is a child of a Map Run, which local_aws does not redrive"
    if execution["status"] not in REDRIVABLE_STATUSES:
        return "NOT_REDRIVABLE", f"Execution is {execution['status']} and cannot be redriven"
    stopped = execution["stopped"]
    if stopped is None or datetime.now(UTC) - stopped > PERIOD:
        return "NOT_REDRIVABLE", f"Execution ended more than {PERIOD.days} days ago and cannot be redriven"
    if too_long:
        reason = f"Execution history has more than {MAX_EVENTS_BEFORE} events and cannot be redriven"
        return "NOT_REDRIVABLE", reason
    return "REDRIVABLE", None
