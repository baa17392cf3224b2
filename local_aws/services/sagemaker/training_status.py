"""The statuses that a training job passes through.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker import job_kinds
from local_aws.services.sagemaker.job_kinds import TRAINING
from local_aws.services.sagemaker.records import now

REASON_CHARACTERS = 1024


def enter(context: Context, name: str, secondary: str, message: str, **members: Any) -> None:
    """Pass to a secondary status: the last transition ends, a new one begins."""
    with context.store.transaction():
        job = context.store.get(TRAINING.kind, name)
        if job is None:
            return
        transitions = _moved_on(job["SecondaryStatusTransitions"], secondary, message, now())
        job_kinds.change(
            context, TRAINING, name, SecondaryStatus=secondary, SecondaryStatusTransitions=transitions, **members
        )


def finish(context: Context, name: str, status: str, secondary: str, message: str, reason: str | None = None) -> None:
    """Pass to a final status; ``reason`` becomes FailureReason. A job that is being stopped does not complete."""
    with context.store.transaction():
        job = context.store.get(TRAINING.kind, name)
        if job is None:
            return
        if job["TrainingJobStatus"] == "Stopping" and status == "Completed":
            status, secondary, message = "Stopped", "Stopped", "Training job stopped"
        moment = now()
        transitions = _moved_on(job["SecondaryStatusTransitions"], secondary, message, moment)
        transitions[-1]["EndTime"] = moment
        begun = job.get("TrainingStartTime")
        seconds = None if begun is None else round((moment - begun).total_seconds())
        job_kinds.change(
            context,
            TRAINING,
            name,
            TrainingJobStatus=status,
            SecondaryStatus=secondary,
            SecondaryStatusTransitions=transitions,
            FailureReason=reason and reason[:REASON_CHARACTERS],
            TrainingEndTime=moment,
            TrainingTimeInSeconds=seconds,
            BillableTimeInSeconds=seconds,
        )


def fail(context: Context, name: str, reason: str) -> None:
    finish(context, name, "Failed", "Failed", "Training job failed", reason)


def _moved_on(
    transitions: list[dict[str, Any]], secondary: str, message: str, moment: datetime
) -> list[dict[str, Any]]:
    if transitions and "EndTime" not in transitions[-1]:
        transitions[-1]["EndTime"] = moment
    return [*transitions, {"Status": secondary, "StartTime": moment, "StatusMessage": message}]
