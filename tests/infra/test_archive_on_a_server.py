"""The archive of a history, end to end on local_aws that enforces IAM: rule, function, role, bucket, ledger."""

from __future__ import annotations

import json
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from deployed_stack import STACK, FreshStack
from local_server import eventually

from vigil.audit.events import EventName
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.watchdog import NAMESPACE, NOT_YET, SCHEDULED
from vigil.digests import sha256_hex

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def parameters(fresh_stack: FreshStack) -> StackParameters:
    return fresh_stack.parameters


def archived(bucket: str, name: str, machine: str = "update-endpoint") -> bytes:
    key = f"histories/vigil-{STACK}-{machine}/{name}.jsonl"
    try:
        content: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey"
        return b""
    return content


def test_the_end_of_an_execution_leaves_its_history_in_the_bucket_and_in_the_ledger(
    parameters: StackParameters,
) -> None:
    """An approval that nobody gave: the execution fails at its first state, whoever started it."""
    states = boto3.client("stepfunctions")
    value = json.dumps(
        {"approval_request_id": "apr-none", "requested_execution": "arn:none", "password": "sesame-open"}
    )
    machine = parameters.state_machines.update_endpoint
    arn = states.start_execution(stateMachineArn=machine, name="nobody-asked", input=value)["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", within=120)
    content = eventually(lambda: archived(parameters.buckets.audit, "nobody-asked"), within=60)
    first, *events = [json.loads(line) for line in content.splitlines()]
    assert (first["executionArn"], first["status"]) == (arn, "FAILED")
    assert events[-1]["type"] == "ExecutionFailed" and b"sesame-open" not in content
    ledger = LedgerTable(boto3.client("dynamodb"), parameters.tables.ledger, server_time)
    (record,) = eventually(
        lambda: [each for each in ledger.read("stack") if (each.subject, each.event) == (arn, "history.archived")],
        within=60,
    )
    assert record.new["sha256"] == sha256_hex(content)
    assert record.actor.name == f"vigil-{STACK}-archive-history"


def test_an_execution_about_drift_that_is_stopped_is_archived_and_recorded_as_not_handled(
    parameters: StackParameters,
) -> None:
    states, machine = boto3.client("stepfunctions"), parameters.state_machines.retrain_on_drift
    arn = states.start_execution(stateMachineArn=machine, name="stopped", input="{}")["executionArn"]
    states.stop_execution(executionArn=arn, cause="not needed any more")
    assert states.describe_execution(executionArn=arn)["status"] == "ABORTED"
    content = eventually(lambda: archived(parameters.buckets.audit, "stopped", "retrain-on-drift"), within=60)
    assert json.loads(content.splitlines()[0])["status"] == "ABORTED"
    ledger = LedgerTable(boto3.client("dynamodb"), parameters.tables.ledger, server_time)

    def recorded() -> set[EventName]:
        about = [each for each in ledger.read("stack") if arn in (each.subject, each.details.get("execution_arn"))]
        return {each.event for each in about}

    both = {EventName.HISTORY_ARCHIVED, EventName.DRIFT_NOT_HANDLED}
    assert eventually(lambda: recorded() if recorded() == both else None, within=150) == both


def test_the_functions_that_nobody_waits_for_may_do_and_count_what_they_do_and_no_alarm_of_theirs_rings(
    parameters: StackParameters,
) -> None:
    """Each under its own role, where IAM is enforced, on a stack that was just deployed."""
    client, cloudwatch = boto3.client("lambda"), boto3.client("cloudwatch")
    for name in ("archive-history", "verify-ledger", "deliver-decision", "remind-approvers", "deployment-ended"):
        event = json.dumps({"detail-type": SCHEDULED}).encode()
        answer = client.invoke(FunctionName=f"vigil-{STACK}-{name}", Payload=event)
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        assert not (payload.get("failed") or payload.get("left") or payload.get("broken")), payload
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"vigil-{STACK}-")["MetricAlarms"]
    states = {alarm["MetricName"]: alarm["StateValue"] for alarm in alarms if alarm.get("Namespace") == NAMESPACE}
    for metric in NOT_YET:
        found = cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE, MetricName=metric, Dimensions=[{"Name": "Stack", "Value": STACK}],
            StartTime=server_time() - timedelta(hours=1), EndTime=server_time() + timedelta(hours=1), Period=7200,
            Statistics=["Maximum"],
        )["Datapoints"]  # fmt: skip
        assert max(each["Maximum"] for each in found) == 1, metric
        assert states[metric] != "ALARM", metric
