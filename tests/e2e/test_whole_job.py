"""The whole job, over HTTP and the command line only: the demo runs once, everything here uses what it left."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from running_stack import RunningStack, await_value, pid_of, processes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def waiting(running_stack: RunningStack) -> dict[str, dict[str, Any]]:
    """What it is for → a request that waits. Asked for together: the machine works on all at once."""
    return running_stack.ask_for_trainings(["to be interrupted", "to be rejected", "to be forged"])


def test_the_demo_ends_with_a_signed_model_in_service(running_stack: RunningStack) -> None:
    request = next(each for each in running_stack.requests() if each["status"] == "APPROVED")
    assert running_stack.endpoint()["EndpointStatus"] == "InService"
    package = running_stack.client("sagemaker").describe_model_package(
        ModelPackageName=request["facts"]["model_package_arn"]
    )
    assert package["ModelApprovalStatus"] == "Approved"
    signed = [(each["signer"], each["role"], each["meaning"]) for each in request["signatures"]]
    assert signed == [(each.user, each.role, each.meaning) for each in running_stack.signers]
    assert len({each["subject"] for each in request["signatures"]}) == len(signed) == 2
    assert all(len(base64.b64decode(each["signature"])) > 60 for each in request["signatures"])
    assert running_stack.execution(request["execution_arn"])["status"] == "SUCCEEDED"


def test_the_endpoint_answers_with_the_signed_model(running_stack: RunningStack) -> None:
    request = next(each for each in running_stack.requests() if each["status"] == "APPROVED")
    cases = [{"case_id": "one", "reactions": ["acute kidney injury"], "age_years": 70}]
    answer = running_stack.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=running_stack.parameter("sagemaker/endpoint"),
        ContentType="application/json",
        Body=json.dumps({"cases": cases}),
    )
    scored = json.loads(answer["Body"].read())
    assert scored["model_digest"] == request["facts"]["artefact_digest"]
    assert 0.5 < scored["results"][0]["probability"] < 1


def test_the_sagemaker_sdk_reads_the_endpoint_and_its_signed_package(running_stack: RunningStack) -> None:
    """What an operator does with SageMaker's own SDK (v3, `sagemaker.core`), in a process of its own."""
    request = next(each for each in running_stack.requests() if each["status"] == "APPROVED")
    program = (
        "from sagemaker.core.resources import Endpoint, ModelPackage\n"
        f"endpoint = Endpoint.get(endpoint_name={running_stack.parameter('sagemaker/endpoint')!r})\n"
        f"package = ModelPackage.get(model_package_name={request['facts']['model_package_arn']!r})\n"
        "print(endpoint.endpoint_status, package.model_approval_status)\n"
    )
    variables = {**running_stack.variables, "SAGEMAKER_TELEMETRY_OPT_OUT": "1", "SAGEMAKER_VALIDATE_ROLE": "false"}
    result = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.stdout.split()[-2:] == ["InService", "Approved"], result.stdout + result.stderr


def test_every_part_runs_in_a_process_of_its_own(running_stack: RunningStack) -> None:
    state_dir = running_stack.state_dir
    parts = {
        "this test": os.getpid(),
        "the demo": running_stack.demo_pid,
        "local_aws": running_stack.local_aws_pid,
        "scheduler": pid_of(state_dir, "airflow", "scheduler"),
        "api-server": pid_of(state_dir, "airflow", "api"),
        "triggerer": pid_of(state_dir, "airflow", "triggerer"),
        "dag-processor": pid_of(state_dir, "airflow", "dag-processor"),
        "endpoint": pid_of(state_dir, "tasks.sagemaker", "serve"),
    }
    assert len(set(parts.values())) == len(parts), parts


def test_the_demo_says_what_happened_and_how_to_stop(running_stack: RunningStack) -> None:
    for words in ("curate", "WaitForApproval", "test_next", "example-1", "make stop", "http://127.0.0.1:"):
        assert words in running_stack.demo_output


def test_the_demo_says_who_signed_what_and_that_it_holds(running_stack: RunningStack) -> None:
    """Printed name, time and meaning (21 CFR 11.50(a)), in the order of signing; and both verifications."""
    request = next(each for each in running_stack.requests() if each["request_id"] in running_stack.demo_output)
    shown, _, verified = running_stack.demo_output.partition("Signatures, verified offline from ")
    lines = shown[shown.index(f"Signatures on request {request['request_id']}:") :].strip().splitlines()[1:]
    assert [line.strip() for line in lines] == [
        f"{signer.printed_name}, {signer.role}: {signer.meaning} at {made['signed_at'][:19]}Z"
        for signer, made in zip(running_stack.signers, request["signatures"], strict=True)
    ]
    assert len({made["subject"] for made in request["signatures"]}) == len(lines) == 2
    offline, _, ledger = verified.partition("\nThe ledger:\n")
    assert "Verified: 2 signature(s)" in offline
    assert "The ledger holds." in ledger


def test_a_run_that_waits_survives_kill_9_of_local_aws(
    running_stack: RunningStack, waiting: dict[str, dict[str, Any]]
) -> None:
    request = waiting["to be interrupted"]
    # A waiting request is not new: its wait must have lasted for a while before the kill.
    opened = datetime.fromisoformat(request["created_at"])
    await_value(lambda: (datetime.now(opened.tzinfo) - opened).total_seconds() > 4 or None, "four seconds", 30)
    before = running_stack.endpoint()
    killed = running_stack.local_aws_pid
    os.kill(killed, signal.SIGKILL)
    await_value(lambda: None if killed in processes() and processes()[killed] else True, "the end of local_aws", 30)
    running_stack.vigil("start", "--state-dir", str(running_stack.state_dir))
    assert running_stack.local_aws_pid != killed
    assert running_stack.execution(request["execution_arn"])["status"] == "RUNNING"

    running_stack.approve(request["request_id"])
    answered = answers_until_the_end(running_stack, request["execution_arn"])
    assert running_stack.execution(request["execution_arn"])["status"] == "SUCCEEDED"
    assert answered > 5
    after = running_stack.endpoint()
    assert after["EndpointStatus"] == "InService"
    assert after["EndpointConfigName"] != before["EndpointConfigName"]


def answers_until_the_end(stack: RunningStack, execution: str) -> int:
    """Ask the endpoint for as long as the execution runs, never twice for one answer: a dropped request raises."""
    once = Config(retries={"max_attempts": 0}, read_timeout=60)
    runtime = boto3.client("sagemaker-runtime", config=once, **stack.client_settings)
    endpoint = stack.parameter("sagemaker/endpoint")
    body = json.dumps({"cases": [{"case_id": "one", "reactions": ["nausea"]}]})
    answered, deadline = 0, time.monotonic() + 300
    while stack.execution(execution)["status"] == "RUNNING" and time.monotonic() < deadline:
        answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="application/json", Body=body)
        assert json.loads(answer["Body"].read())["results"]
        answered += 1
    return answered


def test_a_rejection_leaves_the_endpoint_as_it_was(
    running_stack: RunningStack, waiting: dict[str, dict[str, Any]]
) -> None:
    before = running_stack.endpoint()["EndpointConfigName"]
    request = waiting["to be rejected"]
    running_stack.decide("reject", request["request_id"], running_stack.signers[0])
    outcome = running_stack.await_end(request["execution_arn"])
    assert (outcome["status"], outcome["error"]) == ("FAILED", "Rejected")
    assert running_stack.endpoint()["EndpointConfigName"] == before
    late = running_stack.decide("approve", request["request_id"], running_stack.signers[1], check=False)
    assert late.returncode != 0
    assert running_stack.endpoint()["EndpointConfigName"] == before


def test_a_row_flipped_to_approved_without_a_signature_ends_in_a_named_failure(
    running_stack: RunningStack, waiting: dict[str, dict[str, Any]]
) -> None:
    before = running_stack.endpoint()["EndpointConfigName"]
    request = waiting["to be forged"]
    running_stack.client("dynamodb").update_item(
        TableName=running_stack.parameter("tables/approvals"),
        Key={"request_id": {"S": request["request_id"]}},
        UpdateExpression="SET #status = :approved",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":approved": {"S": "APPROVED"}},
    )
    outcome = running_stack.await_end(request["execution_arn"])
    assert (outcome["status"], outcome["error"]) == ("FAILED", "SignatureInvalid")
    assert running_stack.endpoint()["EndpointConfigName"] == before
