"""The archive of a history, end to end on local_aws that enforces IAM: rule, function, role, bucket, ledger."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from deployed_stack import STACK, FreshStack
from local_server import eventually

from vigil.audit.events import EventName
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters
from vigil.aws.ledger_table import LedgerTable
from vigil.digests import sha256_hex

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def parameters(fresh_stack: FreshStack) -> StackParameters:
    return fresh_stack.parameters


def archived(bucket: str, name: str) -> bytes:
    key = f"histories/vigil-{STACK}-update-endpoint/{name}.jsonl"
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
        lambda: [each for each in ledger.read("stack") if each.event is EventName.HISTORY_ARCHIVED], within=60
    )
    assert record.new["sha256"] == sha256_hex(content)
    assert record.actor.name == f"vigil-{STACK}-archive-history"
