"""Schedules are as the endpoint is. The home that EventBridge Scheduler gives runs inside moto."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto_stack import STACK, MotoStack
from watched_model import SINCE, put_serving, serving

from vigil.aws.endpoint_watch import OVERDUE_AFTER, WatchPorts, watch
from vigil.aws.endpoint_watch_ports import watch_ports
from vigil.aws.environment import ConfigurationError
from vigil.aws.monitored_model import ServedModel
from vigil.aws.monitoring_schedules import SCHEDULED_TIME, SchedulerSchedules
from vigil.monitoring.models import Monitor

MONITORS = sorted(monitor.value for monitor in Monitor)
GROUP = f"vigil-{STACK}-monitoring"


class Endpoint:
    """SageMaker's DescribeEndpoint: a status, or the answer for an endpoint that there is not."""

    def __init__(self, status: str | None) -> None:
        self.status = status

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:  # noqa: N803 - as boto3 spells it
        if self.status is None:
            message = f'Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/{EndpointName}".'
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "DescribeEndpoint")
        return {"EndpointStatus": self.status}


class Home:
    """``MonitoringSchedules`` that remembers."""

    def __init__(self, closed: bool = False) -> None:
        self.schedules: dict[str, str] = {}
        self._closed = closed

    def ensure(self, served: ServedModel) -> dict[str, str]:
        self.schedules = dict.fromkeys(MONITORS, served.baseline_digest)
        return dict.fromkeys(MONITORS, "made")

    def delete(self) -> dict[str, str]:
        if self._closed:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "closed"}}, "Describe")
        gone, self.schedules = self.schedules, {}
        return dict.fromkeys(gone, "deleted")


def ports(status: str | None, home: Home, record: Mapping[str, str] | None = None, **more: Any) -> WatchPorts:
    made = WatchPorts(Endpoint(status), serving() if record is None else record, home, (), {}, lambda: SINCE)
    return replace(made, **more)


@pytest.mark.parametrize("status", ["InService", "Updating", "RollingBack"])
def test_what_serves_is_watched_by_its_own_baseline(status: str) -> None:
    home = Home()
    watch("triage", ports(status, home))
    assert home.schedules == dict.fromkeys(MONITORS, "b" * 64)
    watch("triage", ports(status, home, serving(baseline_digest="c" * 64)))
    assert home.schedules == dict.fromkeys(MONITORS, "c" * 64)


@pytest.mark.parametrize("status", [None, "Deleting"])
def test_schedules_end_with_the_endpoint(status: str | None) -> None:
    home = Home()
    watch("triage", ports("InService", home))
    done = watch("triage", ports(status, home))
    assert (home.schedules, done.schedules) == ({}, dict.fromkeys(MONITORS, "deleted"))
    assert watch("triage", ports(status, home)).schedules == {}


@pytest.mark.parametrize("status", ["Failed", "Creating"])
def test_an_endpoint_that_failed_keeps_its_schedules_and_gets_none(status: str) -> None:
    home = Home()
    watch("triage", ports(status, home))
    assert home.schedules == {}
    watch("triage", ports("InService", home))
    assert watch("triage", ports(status, home)).schedules == {}
    assert set(home.schedules) == set(MONITORS)


def test_the_event_that_comes_before_the_model_is_recorded_does_no_harm_and_the_next_look_makes_good() -> None:
    home = Home()
    assert watch("triage", ports("InService", home, {})).schedules == {}
    assert watch("triage", ports("InService", home)).schedules == dict.fromkeys(MONITORS, "made")


def test_a_model_without_a_baseline_is_not_watched_and_that_is_told() -> None:
    home = Home()
    watch("triage", ports("InService", home))
    done = watch("triage", ports("InService", home, serving(baseline_uri="", baseline_digest="")))
    assert (home.schedules, sorted(done.overdue)) == ({}, MONITORS)
    assert "no baseline" in done.note


def test_the_other_homes_schedules_go_and_one_that_is_closed_to_the_account_has_none() -> None:
    old, home = Home(), Home()
    old.ensure(ServedModel.model_validate(serving()))
    done = watch("triage", ports("InService", home, others=(old, Home(closed=True))))
    assert (old.schedules, set(home.schedules)) == ({}, set(MONITORS))
    assert "another home deleted" in done.note


def test_a_monitor_is_overdue_when_it_told_of_nothing_for_two_days_since_the_model_serves() -> None:
    soon, late = SINCE + OVERDUE_AFTER, SINCE + OVERDUE_AFTER + timedelta(seconds=1)

    def overdue(now: datetime, told: dict[str, datetime]) -> list[str]:
        return watch("triage", ports("InService", Home(), clock=lambda: now, told=told)).overdue

    assert overdue(soon, {}) == []
    assert sorted(overdue(late, {})) == MONITORS
    assert overdue(late, dict.fromkeys(MONITORS, SINCE + timedelta(hours=1))) == []
    assert overdue(late, {name: SINCE + timedelta(hours=1) for name in MONITORS if name != "bias"}) == ["bias"]


@pytest.fixture
def scheduler(stack: MotoStack) -> Any:
    client = stack.client("scheduler")
    client.create_schedule_group(Name=GROUP)
    return client


def test_each_monitor_has_one_schedule_that_calls_start_monitor(stack: MotoStack, scheduler: Any) -> None:
    """Context attributes: EventBridge Scheduler user guide, "Adding context attributes"."""
    home = SchedulerSchedules(scheduler, stack.parameters, STACK)
    served = ServedModel.model_validate(serving())
    assert home.ensure(served) == dict.fromkeys(MONITORS, "made")
    assert home.ensure(served) == dict.fromkeys(MONITORS, "kept")
    found = scheduler.get_schedule(GroupName=GROUP, Name=f"vigil-{STACK}-bias")
    assert found["ScheduleExpression"] == stack.parameters.monitoring.schedule
    assert found["Target"]["Arn"] == "arn:aws:lambda:us-east-1:123456789012:function:start-monitor"
    assert json.loads(found["Target"]["Input"]) == {"monitor": "bias", "scheduled_time": SCHEDULED_TIME}
    assert home.delete() == dict.fromkeys(MONITORS, "deleted")
    assert home.delete() == {}
    assert scheduler.list_schedules(GroupName=GROUP)["Schedules"] == []


def test_a_schedule_that_somebody_changed_is_put_right(stack: MotoStack, scheduler: Any) -> None:
    home = SchedulerSchedules(scheduler, stack.parameters, STACK)
    served = ServedModel.model_validate(serving())
    home.ensure(served)
    found = scheduler.get_schedule(GroupName=GROUP, Name=f"vigil-{STACK}-bias")
    keep = ("GroupName", "Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: found[name] for name in keep}, State="DISABLED")
    assert home.ensure(served)["bias"] == "changed"
    assert scheduler.get_schedule(GroupName=GROUP, Name=f"vigil-{STACK}-bias")["State"] == "ENABLED"


def test_the_stacks_own_record_and_home_are_what_is_watched(stack: MotoStack) -> None:
    put_serving(stack.client("dynamodb"), stack.parameters.tables.models, "triage")
    made = watch_ports(stack.parameters)
    assert made.serving["baseline_digest"] == "b" * 64
    assert isinstance(made.home, SchedulerSchedules)
    monitoring = stack.parameters.monitoring.model_copy(update={"home": "cron"})
    with pytest.raises(ConfigurationError, match="deploy with scheduler or model-monitor"):
        watch_ports(stack.parameters.model_copy(update={"monitoring": monitoring}))


def test_the_address_of_the_baselines_document_stands_for_its_folder() -> None:
    from vigil.aws.monitored_model import served_model

    folder = serving()["baseline_uri"]
    assert served_model(serving(baseline_uri=f"{folder}baseline.json")).baseline_uri == folder
