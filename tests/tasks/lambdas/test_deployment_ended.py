"""The minute's look for deployments that have ended is counted for an alarm; what a lost rule leaves is a silence."""

from __future__ import annotations

from counted_metrics import counted
from moto_stack import MotoStack, example

from tasks.lambdas import deployment_ended
from vigil.aws.watchdog import DEPLOYMENTS_SWEPT


def test_the_minutes_look_is_counted_and_one_that_an_event_asked_for_is_not(stack: MotoStack) -> None:
    change = {"source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change", "detail": {}}
    assert deployment_ended.handler(change, None) == {"waits": {}}
    assert counted(stack, DEPLOYMENTS_SWEPT) == (0, 0)
    deployment_ended.handler(example("schedule"), None)
    assert counted(stack, DEPLOYMENTS_SWEPT) == (1, 1)
