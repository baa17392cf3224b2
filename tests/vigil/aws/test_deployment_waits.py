"""Waits for the endpoint, in the table and sealed by the key. DescribeEndpoint: SageMaker API reference."""

from datetime import UTC, datetime, timedelta

import pytest
from state_machines import client_error

from vigil.approvals.errors import WaitEndedError
from vigil.aws.deployment_waits import AwaitEvent, DeploymentWaits, WaitPorts, answer_waits, await_deployment
from vigil.aws.token_vault import KmsTokenVault

ASKED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TOKEN = "token-that-nobody-may-see"
ENDPOINT = "vigil-unit-triage"


class Endpoint:
    def __init__(self):
        self.answer = {"EndpointStatus": "Updating", "EndpointConfigName": "before", "LastModifiedTime": ASKED}

    def describe_endpoint(self, EndpointName):  # noqa: N803 -- boto3's spelling
        if self.answer is None:
            raise client_error("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return self.answer

    def is_now(self, status, config, seconds=5, **more):
        moment = ASKED + timedelta(seconds=seconds)
        self.answer = {"EndpointStatus": status, "EndpointConfigName": config, "LastModifiedTime": moment, **more}


class Runs:
    def __init__(self):
        self.answered, self.ended = [], False

    def succeed(self, token, output):
        if self.ended:
            raise WaitEndedError("the run no longer waits")
        self.answered.append((token, output))


class Bench:
    def __init__(self, stack):
        self.endpoint, self.runs, self.now = Endpoint(), Runs(), ASKED + timedelta(seconds=6)
        self.table = stack.parameters.tables.monitoring
        self.client = stack.client("dynamodb")
        vault = KmsTokenVault(stack.client("kms"), stack.parameters.keys.data, "wait_id")
        waits = DeploymentWaits(self.client, self.table)
        self.ports = WaitPorts(waits, vault, self.runs, self.endpoint, lambda: self.now)

    def wait(self, **changes):
        event = {
            "task_token": TOKEN, "endpoint_name": ENDPOINT, "config_name": "new", "execution_arn": "arn:of:update",
            "state_name": "AwaitDeployment", "entered_at": ASKED.isoformat(),
        }  # fmt: skip
        return await_deployment(AwaitEvent.model_validate(event | changes), self.ports)

    def look(self):
        return list(answer_waits(ENDPOINT, self.ports).values())

    def items(self):
        return self.client.scan(TableName=self.table)["Items"]


@pytest.fixture
def bench(stack):
    return Bench(stack)


def test_a_deployment_that_goes_on_is_waited_for_and_its_end_answers(bench):
    assert bench.wait() == "waits"
    assert bench.look() == ["waits"]
    bench.endpoint.is_now("InService", "new")
    assert bench.look() == ["answered"]
    ((token, output),) = bench.runs.answered
    assert (token, output["status"], output["config_name"], output["failed"]) == (TOKEN, "InService", "new", False)
    assert bench.items() == []
    assert bench.look() == []


def test_a_deployment_that_ended_before_the_wait_was_kept_is_answered_at_once(bench):
    bench.endpoint.is_now("InService", "new")
    assert bench.wait() == "answered"


def test_the_token_lies_in_the_table_sealed_and_bound_to_its_wait(bench):
    bench.wait()
    (item,) = bench.items()
    assert TOKEN not in str(item)
    assert item["item"]["S"].startswith("deployment-wait#")
    vault = bench.ports.vault
    (wait,) = bench.ports.waits.of(ENDPOINT)
    assert vault.unseal(wait.wait_id, wait.sealed) == TOKEN
    with pytest.raises(Exception, match="InvalidCiphertext"):
        vault.unseal("another wait", wait.sealed)
    assert TOKEN not in repr(wait)


def test_a_roll_back_of_the_service_answers_with_its_reason(bench):
    bench.wait()
    bench.endpoint.is_now("InService", "before", FailureReason="alarm challenger-errors")
    assert bench.look() == ["answered"]
    assert bench.runs.answered[0][1]["reason"] == "alarm challenger-errors"
    assert bench.runs.answered[0][1]["failed"] is True


def test_what_describe_says_of_the_time_before_the_call_ends_no_wait(bench):
    """Right after UpdateEndpoint the description may be the one before it, with the reason of an earlier roll-back."""
    bench.endpoint.is_now("InService", "before", seconds=-3600, FailureReason="of last week")
    assert bench.wait() == "waits"
    bench.now = ASKED + timedelta(seconds=31)
    assert bench.look() == ["answered"], "by then it is how things are"


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_an_endpoint_that_is_stuck_answers(bench, status):
    bench.endpoint.is_now(status, "new")
    assert bench.wait() == "answered"


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"])
def test_an_endpoint_in_the_midst_of_a_change_does_not(bench, status):
    bench.endpoint.is_now(status, "new")
    bench.now += timedelta(hours=1)
    assert bench.wait() == "waits"


def test_an_endpoint_that_somebody_deleted_answers_after_a_while(bench):
    bench.endpoint.answer = None
    assert bench.wait() == "waits"
    bench.now = ASKED + timedelta(seconds=31)
    assert bench.look() == ["answered"]
    assert bench.runs.answered[0][1]["status"] == "Gone"


def test_the_token_of_an_ended_wait_is_forgotten(bench):
    bench.wait()
    bench.runs.ended = True
    bench.endpoint.is_now("InService", "new")
    assert bench.look() == ["nobody waits"]
    assert bench.items() == []


def test_a_step_that_is_tried_again_keeps_one_wait_two_steps_keep_two(bench):
    bench.wait()
    bench.wait()
    assert len(bench.items()) == 1
    bench.wait(state_name="AwaitShadow")
    assert len(bench.items()) == 2


def test_an_answer_that_cannot_be_sent_leaves_the_wait_for_the_sweep(bench):
    bench.wait()
    bench.endpoint.is_now("InService", "new")
    bench.runs.succeed = None
    with pytest.raises(TypeError):
        bench.look()
    assert len(bench.items()) == 1
