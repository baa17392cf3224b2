"""A server that enforces roles: what is handed over and assumed, functions and machines, used against granted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer
from role_sessions import ACCOUNT, allow, refused, role, session, signed

pytestmark = pytest.mark.stack


def test_role_must_trust_the_service_and_be_passed(server: LocalServer, make_function: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"""
    wrong = role(server, "for-glue", trusts="glue.amazonaws.com")
    right = role(server, "for-lambda", trusts="lambda.amazonaws.com")
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        make_function(server, "def handler(event, context):\n    return 1\n", Role=wrong)
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        make_function(server, "def handler(event, context):\n    return 1\n", Role=f"{wrong}-that-is-not")
    name = make_function(server, "def handler(event, context):\n    return 1\n", Role=right)
    limited = session(server, role(server, "updater", allow("lambda:*", "*")))("lambda")
    limited.update_function_configuration(FunctionName=name, Timeout=5)
    _, _, message = refused(limited.update_function_configuration, FunctionName=name, Role=right)
    assert f"iam:PassRole on resource: {right}" in message
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    with pytest.raises(ClientError, match=r"Neither the global service principal states\.amazonaws\.com"):
        server.client("stepfunctions").create_state_machine(name="untrusted", definition=definition, roleArn=right)


def test_function_and_state_machine_do_what_their_roles_allow(
    server: LocalServer, make_function: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    server.client("ssm").put_parameter(Name="for-work", Value="v", Type="String")
    here = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
    arn = role(server, "worker", allow("ssm:GetParameter", f"{here}/for-work"), trusts="lambda.amazonaws.com")
    source = "import boto3\ndef handler(event, context):\n"
    source += "    return boto3.client('ssm').get_parameter(Name=event)['Parameter']['Value']\n"
    name = make_function(server, source, Role=arn)
    invoke = server.client("lambda").invoke
    assert json.load(invoke(FunctionName=name, Payload=b'"for-work"')["Payload"]) == "v"
    failed = json.load(invoke(FunctionName=name, Payload=b'"other"')["Payload"])
    assert f"assumed-role/worker/{name} is not authorized to perform: ssm:GetParameter" in failed["errorMessage"]

    machine_role = role(server, "machine", trusts="states.amazonaws.com")
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter", "End": True}
    state["Arguments"] = {"Name": "for-work"}  # type: ignore[assignment]
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Get", "States": {"Get": state}})
    states = server.client("stepfunctions")
    machine = states.create_state_machine(name="guarded", definition=definition, roleArn=machine_role)
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]

    def ended() -> Any:
        found = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    outcome = eventually(ended)
    assert (outcome["status"], outcome["error"]) == ("FAILED", "Ssm.AccessDeniedException")


def test_credentials_of_a_function_end_with_its_process(
    server: LocalServer, make_function: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    arn = role(server, "short-lived", trusts="lambda.amazonaws.com")
    source = "import os\ndef handler(event, context):\n"
    source += (
        "    return [os.environ[f'AWS_{name}'] for name in ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')]\n"
    )
    name = make_function(server, source, Role=arn)
    credentials = json.load(server.client("lambda").invoke(FunctionName=name)["Payload"])
    sts = signed(server, "sts", *credentials)
    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/short-lived/{name}")
    server.client("lambda").delete_function(FunctionName=name)

    def code() -> str:
        try:
            sts.get_caller_identity()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    assert eventually(code) == "ExpiredToken"
    for file in server.state_dir.rglob("*.sqlite3*"):
        assert credentials[1].encode() not in file.read_bytes()
        assert credentials[2].encode() not in file.read_bytes()


def test_role_is_assumed_only_by_those_it_trusts(server: LocalServer) -> None:
    closed = role(server, "closed", trusts="lambda.amazonaws.com")
    open_ = role(server, "opened")
    sts = session(server, role(server, "assumer", allow("sts:AssumeRole", "*")))("sts")
    assert sts.assume_role(RoleArn=open_, RoleSessionName="second")["Credentials"]
    assert refused(sts.assume_role, RoleArn=closed, RoleSessionName="second")[0] == "AccessDenied"
    assert refused(server.client("sts").assume_role, RoleArn=f"{closed}-not", RoleSessionName="no")[0] == "AccessDenied"


def test_report_shows_used_against_granted_both_ways(server: LocalServer, tmp_path: Path) -> None:
    server.client("s3").create_bucket(Bucket="reported")
    arn = role(server, "reported-on", allow(["s3:Put*", "s3:DeleteObject"], "arn:aws:s3:::reported/*"))
    s3 = session(server, arn)("s3")
    s3.put_object(Bucket="reported", Key="a", Body=b"1")
    s3.put_object(Bucket="reported", Key="b", Body=b"1")
    refused(s3.get_object, Bucket="reported", Key="a")
    [found] = access(server, "--role", "reported-on", "--json")["roles"]
    [used] = found["used"]
    assert (used["action"], used["used"], used["count"]) == ("s3:Put*", ["s3:PutObject"], 2)
    assert [each["action"] for each in found["granted_but_never_used"]] == ["s3:DeleteObject"]
    [refusal] = found["used_but_not_granted"]
    assert (refusal["action"], refusal["resource"]) == ("s3:GetObject", "arn:aws:s3:::reported/a")
    command = [sys.executable, "-m", "local_aws", "access", "--state-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "not running" in done.stderr) == (3, True)


def access(server: LocalServer, *options: str) -> Any:
    command = [sys.executable, "-m", "local_aws", "access", "--state-dir", str(server.state_dir), *options]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout)


def test_credentials_that_are_not_this_servers_are_refused(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"""
    unknown = "ASIA" + "A" * 16
    for service, method, code in [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
    ]:
        assert refused(getattr(signed(server, service, unknown, "s", "t"), method))[0] == code
    assert signed(server, "sts", "somebody", "s", None).get_caller_identity()["Arn"].endswith(":root")
