from collections.abc import Iterator

import pytest
from moto_stack import MotoStack, moto_stack


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

    def send_task_success(self, **request):
        self.sent.append(("success", request))

    def send_task_failure(self, **request):
        self.sent.append(("failure", request))

    def describe_execution(self, executionArn):  # noqa: N803 - as boto3 spells it
        return {"executionArn": executionArn, "status": "ABORTED" if executionArn in self.ended else "RUNNING"}

    def list_executions(self, **request):
        wanted = self.ended if request["statusFilter"] == "ABORTED" else ()
        return {"executions": [{"executionArn": arn} for arn in sorted(wanted)]}

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
