"""The demo's whole job runs with every role held to the template's policies, as on AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from running_stack import RunningStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
#: What calls in the whole job; on AWS each is a role of the template too.
CALLERS = ("train-and-promote", "update-endpoint", "verify-approval", "deliver-decision", "sagemaker", "glue")


def used_against_granted(stack: RunningStack) -> dict[str, Any]:
    command = [sys.executable, "-m", "local_aws", "access", "--json", "--state-dir", str(stack.state_dir / "local_aws")]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    answer: dict[str, Any] = json.loads(asked.stdout)
    return answer


def as_role(stack: RunningStack, role: str, service: str) -> Any:
    """A client with a session of one of the stack's roles."""
    session = stack.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::123456789012:role/vigil-demo-{role}", RoleSessionName="test"
    )["Credentials"]
    return boto3.client(
        service,
        endpoint_url=stack.variables["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def test_the_job_needed_nothing_that_the_template_does_not_grant(running_stack: RunningStack) -> None:
    answer = used_against_granted(running_stack)
    roles = {role["role"].rpartition("vigil-demo-")[2]: role for role in answer["roles"]}
    assert answer["mode"] == "enforce"
    assert {name for name in CALLERS if roles[name]["used"]} == set(CALLERS)
    assert {name: role["used_but_not_granted"] for name, role in roles.items() if role["used_but_not_granted"]} == {}


def test_the_function_that_judges_a_candidate_may_not_put_it_into_service(running_stack: RunningStack) -> None:
    """Only the machine that verifies signatures puts a new model behind the endpoint."""
    endpoint = running_stack.parameter("sagemaker/endpoint")
    before = running_stack.endpoint()
    with pytest.raises(ClientError) as refused:
        as_role(running_stack, "gate-candidate", "sagemaker").update_endpoint(
            EndpointName=endpoint, EndpointConfigName=before["EndpointConfigName"]
        )
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "not authorized to perform: sagemaker:UpdateEndpoint" in refused.value.response["Error"]["Message"]
    assert running_stack.endpoint()["LastModifiedTime"] == before["LastModifiedTime"]
