from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from moto_stack import MotoStack, moto_stack

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    """A stack inside moto, in this process."""
    with moto_stack(monkeypatch) as made:
        yield made


class Machines:
    """Stands for Step Functions, which moto does not carry: tokens that wait, executions that were started."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict]] = []
        self.started: dict[str, dict] = {}
        self.ended: set[str] = set()
        self.input = "{}"

    def send_task_success(self, **request):
        self.sent.append(("success", request))

    def send_task_failure(self, **request):
        self.sent.append(("failure", request))

    def get_paginator(self, name):
        return SimpleNamespace(paginate=lambda **request: [getattr(self, name)(**request)])

    def describe_execution(self, executionArn):  # noqa: N803 - as boto3 spells it
        status = "ABORTED" if executionArn in self.ended else "RUNNING"
        return {"executionArn": executionArn, "status": status, "stopDate": LONG_AGO, "input": self.input}

    def list_executions(self, **request):
        machine = request["stateMachineArn"].removeprefix(
            "arn:aws:states:us-east-1:123456789012:stateMachine:vigil-unit-"
        )
        wanted = self.ended if request["statusFilter"] == "ABORTED" else ()
        return {"executions": [{"executionArn": arn} for arn in sorted(wanted) if f"{machine}:" in arn]}

    def start_execution(self, **request):
        self.started[request["name"]] = request
        return {"executionArn": f"arn:aws:states:us-east-1:123456789012:execution:m:{request['name']}"}


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Machines:
    from vigil.aws import approval_ports
    from vigil.aws.executions import Executions

    made = Machines()
    for module in ("vigil.aws.approval_ports", "tasks.lambdas.deliver_decision", "tasks.lambdas.train_model_handler"):
        monkeypatch.setattr(f"{module}.executions", lambda: Executions(made))
    assert approval_ports.executions()
    return made
