"""What ``start_monitor`` is asked for and what it answers; asked by EventBridge Scheduler, by Airflow, by people."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vigil.approvals.redaction import redact_text
from vigil.moments import Moment
from vigil.monitoring.models import Monitor, Window

Kind = Literal["monitor", "merge-ground-truth", "look"]


class StartMonitorError(Exception):
    """The function could not start the job; the message is its own reason."""


class MonitorOrder(BaseModel):
    """One monitor, or the merge of ground truth, over one window; ``look`` starts nothing and says which window it is.

    Without ``window`` the last whole one of the plan's length that ended before ``scheduled_time``, or before now; for
    what needs labels the last one whose labels are there, as the plan says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "monitor"
    monitor: Monitor | None = None
    window: Window | None = None
    scheduled_time: Moment | None = None

    @model_validator(mode="after")
    def _names_a_monitor(self) -> MonitorOrder:
        if (self.kind == "monitor") != (self.monitor is not None):
            raise ValueError("name a monitor, or another kind without one")
        return self


class Started(StrEnum):
    """``JOINED``: a job that looks at the very same data was started before, or has ended already."""

    LOOKED = "looked"
    STARTED = "started"
    JOINED = "joined"
    NOTHING_CAPTURED = "nothing-captured"
    NOTHING_SERVES = "nothing-serves"
    NO_BASELINE = "no-baseline"


class MonitorAnswer(BaseModel):
    """``job_name`` is there for ``STARTED`` and ``JOINED``; ``output_uri``: prefix of what the job leaves.

    ``older``, of a look at the last window: those before it for which labels have come since they ended, newest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Started
    endpoint: str
    kind: Kind
    monitor: Monitor | None
    window: Window | None = None
    job_name: str | None = None
    output_uri: str | None = None
    older: tuple[Window, ...] = ()
    explanation: str = Field(min_length=1)


def ask_to_start(order: MonitorOrder, function: str, client: Any) -> MonitorAnswer:
    """``client`` is a boto3 Lambda client. Raises ``StartMonitorError``."""
    answer = client.invoke(FunctionName=function, Payload=order.model_dump_json(exclude_none=True).encode())
    document = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer:
        reason = document.get("errorMessage", "no reason was given") if isinstance(document, dict) else "no reason"
        raise StartMonitorError(f"{function} failed: {redact_text(str(reason))}; see its log, then try again")
    return MonitorAnswer.model_validate(document)
