"""A deployment's time limit, its alarms and its ends, without servers.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html (time limit) and
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html (alarms)
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from local_server import eventually

from local_aws.api import Context
from local_aws.services.sagemaker import deployments
from local_aws.services.sagemaker.records import DEPLOYMENT, ENDPOINT, PENDING_DEPLOYMENT, now
from local_aws.services.sagemaker.rollout import RollBackError, ServerStopsError, roll_out
from local_aws.services.sagemaker.routing import Fleet, Router
from local_aws.services.sagemaker.runtime import runtime

SECOND = 0.0001
VARIANT = {
    "VariantName": "one",
    "Weight": 1.0,
    "InstanceCount": 1,
    "Container": {"Image": "fake"},
    "Isolated": False,
    "PingLimitSeconds": 1.0,
}


def pending(*alarms: str) -> Any:
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": 100,
        "MaximumExecutionTimeoutInSeconds": 600,
    }
    return {
        "EndpointConfigName": "next",
        "Generation": "2",
        "Variants": [VARIANT],
        "DataCaptureConfig": None,
        "StartTime": now(),
        "Config": {
            "BlueGreenUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]},
        },
    }


def fleet() -> Fleet:
    servers: Any = [SimpleNamespace(variant="one", weight=1.0, stop=lambda grace: None)]
    return Fleet("2", servers, None)


@pytest.fixture
def running() -> Any:
    settings = SimpleNamespace(deployment_second_seconds=SECOND)
    return SimpleNamespace(settings=settings, closing=threading.Event(), router=Router())


@pytest.fixture
def endpoint(context: Context) -> str:
    document = {
        "EndpointName": "e",
        "EndpointArn": "arn:e",
        "EndpointConfigName": "old",
        "EndpointStatus": "Updating",
        "CreationTime": now(),
        "LastModifiedTime": now(),
    }
    context.store.put(ENDPOINT, "e", document)
    return "e"


def with_alarm(context: Context, *states: str) -> Context:
    """CloudWatch tells each state once, the last one for ever."""
    left = list(states)

    def describe_alarms(**_: Any) -> dict[str, Any]:
        state = left.pop(0) if len(left) > 1 else left[0]
        return {"MetricAlarms": [{"AlarmName": "errors", "StateValue": state}]}

    return replace(context, client=lambda service: SimpleNamespace(describe_alarms=describe_alarms))


def test_a_quiet_alarm_lets_the_deployment_through(context: Context, running: Any, endpoint: str) -> None:
    quiet = with_alarm(context, "INSUFFICIENT_DATA", "OK")
    new = fleet()
    roll_out(quiet, running, endpoint, pending("errors"), new, began=time.monotonic() + 60)
    with running.router.lease(endpoint, None, 0.1) as (leased, _):
        assert leased is new


def test_an_alarm_that_rings_in_the_last_look_still_rolls_back(context: Context, running: Any, endpoint: str) -> None:
    ringing = with_alarm(context, "OK", "OK", "ALARM")
    with pytest.raises(RollBackError, match="ALARM state: errors"):
        roll_out(ringing, running, endpoint, pending("errors"), fleet(), began=time.monotonic() + 60)


def test_alarms_that_cannot_be_read_do_not_count_as_quiet(context: Context, running: Any, endpoint: str) -> None:
    with pytest.raises(RollBackError, match="could not be read"):
        roll_out(context, running, endpoint, pending("errors"), fleet(), began=time.monotonic() + 60)


def test_a_deployment_that_takes_too_long_is_rolled_back(context: Context, running: Any, endpoint: str) -> None:
    with pytest.raises(RollBackError, match="longer than 600 seconds"):
        roll_out(context, running, endpoint, pending(), fleet(), began=time.monotonic() - 600 * SECOND)


def test_a_server_that_stops_does_not_decide(context: Context, running: Any, endpoint: str) -> None:
    running.closing.set()
    with pytest.raises(ServerStopsError):
        roll_out(context, running, endpoint, pending(), fleet(), began=time.monotonic())


@pytest.mark.parametrize(("served", "status"), [(True, "InService"), (False, "UpdateRollbackFailed")])
def test_a_roll_back_that_had_begun_is_ended_after_a_restart(
    context: Context, endpoint: str, served: bool, status: str
) -> None:
    context.store.put(DEPLOYMENT, endpoint, {"EndpointConfigName": "old"})
    context.store.put(PENDING_DEPLOYMENT, endpoint, {**pending(), "RollBack": "errors rang"})
    router = runtime(context).router
    if served:
        router.switch(endpoint, fleet())
    deployments.update(context, endpoint)
    eventually(lambda: context.store.get(PENDING_DEPLOYMENT, endpoint) is None)
    document = context.store.get(ENDPOINT, endpoint)
    assert document is not None
    assert (document["EndpointStatus"], document["FailureReason"]) == (status, "errors rang")
    assert document["EndpointConfigName"] == "old"
