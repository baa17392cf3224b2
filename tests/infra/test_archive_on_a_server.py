"""The archive of a history, end to end on local_aws that enforces IAM: rule, function, role, bucket, ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, aws_variables, eventually

from vigil.audit.events import EventName
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client, load_parameters
from vigil.aws.ledger_table import LedgerTable
from vigil.digests import sha256_hex

pytestmark = pytest.mark.stack

IMAGE = f"localhost/vigil-ml@sha256:{'0a' * 32}"
VIGIL = str(Path(sys.executable).parent / "vigil")


@pytest.fixture(scope="module")
def parameters(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackParameters]:
    folder = tmp_path_factory.mktemp("archive")
    with LocalServer(folder / "local_aws", options=["--iam", "enforce"]) as server, aws_variables(server.url):
        os.environ["VIGIL_STACK"] = "archive"
        aws_client.cache_clear()
        where = ["--registry-url", (folder / "registry.git").as_uri(), "--image", IMAGE]
        command = [VIGIL, "stack", "deploy", "--stack", "archive", *where, "--json"]
        result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=False)
        assert result.returncode == 0, result.stderr
        yield load_parameters()
        aws_client.cache_clear()


def archived(bucket: str, name: str) -> bytes:
    key = f"histories/vigil-archive-update-endpoint/{name}.jsonl"
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
    assert record.actor.name == "vigil-archive-archive-history"
