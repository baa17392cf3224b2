"""Executions about drift that were stopped from outside: recorded by the minute's sweep, once, and told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from drift_cases import ENDPOINT, report, rules, situation
from ledger_reading import broken_ledger
from moto_stack import MotoStack

from vigil.audit.models import Actor, Record, model_chain
from vigil.aws.approval_ports import ledger_table
from vigil.aws.drift_failures import FailurePorts, record_stopped_drift
from vigil.aws.drift_records import DriftRecords
from vigil.aws.environment import aws_client
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.notifications import Notifications
from vigil.aws.run_records import RunRecords
from vigil.monitoring.decide import decide

WHO = Actor(name="a test", via="function", verified=True)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-on-drift"
ARN = MACHINE.replace(":stateMachine:", ":execution:") + ":event-1"


class Stopped:
    """Step Functions with one execution about drift that ended like this."""

    def __init__(self, value: Any, status: str = "ABORTED", **more: str) -> None:
        self._described = {"executionArn": ARN, "status": status, "input": json.dumps(value), **more}

    def list_executions(self, **request: Any) -> dict[str, Any]:
        assert request["stateMachineArn"] == MACHINE
        found = request["statusFilter"] == self._described["status"]
        return {"executions": [{"executionArn": ARN}] if found else []}

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        assert request == {"executionArn": ARN}
        return dict(self._described)


def ports(stack: MotoStack, run_key: str = "run") -> FailurePorts:
    ledger = required_ledger(stack.parameters)
    records = DriftRecords(aws_client("dynamodb"), stack.parameters.tables.monitoring, ledger, run_key)
    notifications = Notifications(aws_client("sns"), stack.parameters.topics.notifications)
    return FailurePorts(ENDPOINT, records, notifications, WHO)


def sweep(stack: MotoStack, stopped: Stopped, run_key: str = "run") -> list[str]:
    runs = RunRecords(aws_client("dynamodb"), stack.parameters.tables.runs)
    clock = lambda: datetime.now(UTC)  # noqa: E731
    return record_stopped_drift(MACHINE, Executions(stopped), runs, ports(stack, run_key), clock)


def recorded(stack: MotoStack, run_key: str = "run") -> list[Record]:
    every = ledger_table(stack.parameters).read(model_chain(run_key))
    return [record for record in every if record.event.value == "drift.not-handled"]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_what_was_stopped_before_it_decided_is_recorded_about_the_endpoint(stack: MotoStack, status: str) -> None:
    detail = report().told().model_dump(mode="json")
    assert sweep(stack, Stopped({"detail": detail}, status)) == [ARN]
    (record,) = recorded(stack)
    assert (record.subject, record.details["outcome"]) == (ENDPOINT, "Stopped")
    assert record.details["reason"] == f"the execution was {status.lower()}"
    (notice,) = stack.notices()
    assert (notice["execution_arn"], notice["decision_id"]) == (ARN, "")


def test_what_had_decided_is_recorded_about_its_decision(stack: MotoStack) -> None:
    found = report()
    decision = decide(found, rules(), situation())
    assert ports(stack).records.decided(decision, None, ARN, WHO)
    sweep(stack, Stopped({"detail": found.told().model_dump(mode="json")}, cause="not needed any more"))
    (record,) = recorded(stack)
    assert (record.subject, record.details["reason"]) == (f"drift:{decision.decision_id}", "not needed any more")


def test_what_was_to_take_up_a_decision_is_recorded_about_that(stack: MotoStack) -> None:
    sweep(stack, Stopped({"override": "d-1"}))
    assert [record.subject for record in recorded(stack)] == ["drift:d-1"]


@pytest.mark.parametrize("value", [None, [], {"detail": 7}, {"detail": {"endpoint": "x"}}])
def test_whatever_it_was_started_with_it_is_recorded(stack: MotoStack, value: Any) -> None:
    assert sweep(stack, Stopped(value)) == [ARN]
    assert [record.subject for record in recorded(stack)] == [ENDPOINT]


def test_it_is_recorded_once_though_another_model_serves_by_then(stack: MotoStack) -> None:
    assert sweep(stack, Stopped({})) == [ARN]
    assert sweep(stack, Stopped({}), "another") == []
    assert (len(recorded(stack)), recorded(stack, "another")) == (1, [])
    assert len(stack.notices()) == 1


def test_while_the_ledger_cannot_be_written_nobody_is_told_and_the_next_sweep_does_it(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken_ledger(monkeypatch):
        assert sweep(stack, Stopped({})) == []
    assert stack.notices() == []
    assert sweep(stack, Stopped({})) == [ARN]
    assert len(stack.notices()) == 1
