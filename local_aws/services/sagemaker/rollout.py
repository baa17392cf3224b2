"""Shifting traffic to a new fleet step by step, and watching it bake.

The statuses are those of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantStatus.html.
"""

from __future__ import annotations

import time

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services.sagemaker import rollback_alarms
from local_aws.services.sagemaker.announcements import change_endpoint
from local_aws.services.sagemaker.deployment_plans import instances
from local_aws.services.sagemaker.deployment_policy import Policy, Step, policy_of
from local_aws.services.sagemaker.deployment_shapes import PendingDeployment
from local_aws.services.sagemaker.descriptions import describe_pending
from local_aws.services.sagemaker.routing import Fleet
from local_aws.services.sagemaker.runtime import Runtime

LOOK_SECONDS = 1.0


class RollBackError(Exception):
    """The new fleet must not stay; the message becomes the endpoint's FailureReason."""


class ServerStopsError(Exception):
    """The server stops: the deployment begins again after its next start."""


def roll_out(
    context: Context, running: Runtime, endpoint: str, pending: PendingDeployment, fleet: Fleet, *, began: float
) -> None:
    """Returns when all traffic has been on ``fleet`` for as long as asked. Raises ``RollBackError``.

    ``began`` is when the deployment did, on the monotonic clock: its time limit counts from there.
    """
    policy = policy_of(pending.get("Config"), instances(pending))
    arn = context.arn("sagemaker", f"endpoint/{endpoint}")
    reader = acting_as(context, pending["Variants"][0].get("Role"), "SageMaker", arn)
    second = running.settings.deployment_second_seconds
    deadline = began + policy.limit_seconds * second
    for step in policy.steps:
        tell(context, endpoint, pending, "ActivatingTraffic", step.activating(), step.share)
        running.router.shift(endpoint, fleet, step.share)
        if step.wait_seconds:
            tell(context, endpoint, pending, "Baking", step.baking(), step.share)
        _bake(reader, running, fleet, policy, step, deadline)


def tell(
    context: Context, endpoint: str, pending: PendingDeployment, status: str, message: str, share: int = 0
) -> None:
    """Show the stage of the deployment in DescribeEndpoint, and announce it."""
    change_endpoint(context, endpoint, PendingDeploymentSummary=describe_pending(pending, status, message, share))


def _bake(reader: Context, running: Runtime, fleet: Fleet, policy: Policy, step: Step, deadline: float) -> None:
    """Wait as long as the step asks; at least one look at the alarms is taken after traffic has moved.

    ``reader`` acts as the model's role, which needs cloudwatch:DescribeAlarms.
    """
    second = running.settings.deployment_second_seconds
    end = time.monotonic() + step.wait_seconds * second
    while True:
        if running.closing.is_set():
            raise ServerStopsError
        if fleet.retired.is_set():
            raise RollBackError(f"The new fleet failed: {fleet.failure}")
        states = rollback_alarms.read_states(reader, policy.alarms)
        _check(states, policy)
        moment = time.monotonic()
        if moment >= deadline:
            raise RollBackError(f"The deployment took longer than {policy.limit_seconds} seconds.")
        if moment >= end:
            if states is None:
                raise RollBackError("The alarms of the deployment could not be read from CloudWatch.")
            return
        running.closing.wait(min(LOOK_SECONDS * second, end - moment))


def _check(states: dict[str, str] | None, policy: Policy) -> None:
    if states is None:
        return
    if ringing := [name for name, state in states.items() if state == "ALARM"]:
        raise RollBackError(f"One or more configured alarm(s) have transitioned into ALARM state: {', '.join(ringing)}")
    if gone := [name for name in policy.alarms if name not in states]:
        raise RollBackError(f"The alarms {', '.join(gone)} of the deployment do not exist any more.")
