"""A server that enforces roles: AWS's refusals, and a report of used against granted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("enforcing")
    with LocalServer(folder / "state", options=["--iam", "enforce"]) as server:
        yield server


def role(server: LocalServer, name: str, *statements: dict[str, Any], trusts: str = "") -> str:
    """Create a role with one inline policy; returns its ARN."""
    principal = {"Service": trusts} if trusts else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    iam = server.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def allow(action: str | list[str], resource: str, **condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


def session(server: LocalServer, arn: str) -> Callable[[str], Any]:
    credentials = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="tester")["Credentials"]
    return lambda service: signed(
        server, service, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


def signed(server: LocalServer, service: str, key: str, secret: str, token: str | None) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_s3_allows_what_is_granted_and_refuses_the_rest(server: LocalServer) -> None:
    """The message is that of https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html"""
    server.client("s3").create_bucket(Bucket="guarded")
    server.client("s3").put_object(Bucket="guarded", Key="open/a", Body=b"1")
    server.client("s3").put_object(Bucket="guarded", Key="closed/a", Body=b"1")
    arn = role(
        server,
        "s3-reader",
        allow("s3:GetObject", "arn:aws:s3:::guarded/open/*"),
        allow("s3:ListBucket", "arn:aws:s3:::guarded", StringLike={"s3:prefix": "open/*"}),
    )
    s3 = session(server, arn)("s3")
    assert s3.get_object(Bucket="guarded", Key="open/a")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket="guarded", Prefix="open/")["KeyCount"] == 1
    code, status, message = refused(s3.get_object, Bucket="guarded", Key="closed/a")
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/s3-reader/tester is not authorized to perform: s3:GetObject on "
        'resource: "arn:aws:s3:::guarded/closed/a" because no identity-based policy allows the s3:GetObject action'
    )
    assert refused(s3.list_objects_v2, Bucket="guarded", Prefix="closed/")[0] == "AccessDenied"
    assert refused(s3.put_object, Bucket="guarded", Key="open/b", Body=b"")[0] == "AccessDenied"
    assert server.client("s3").list_objects_v2(Bucket="guarded")["KeyCount"] == 2


def test_bucket_policy_grants_and_denies(server: LocalServer) -> None:
    server.client("s3").create_bucket(Bucket="with-policy")
    server.client("s3").put_object(Bucket="with-policy", Key="a", Body=b"1")
    arn = role(server, "by-bucket")
    s3 = session(server, arn)("s3")
    assert refused(s3.get_object, Bucket="with-policy", Key="a")[0] == "AccessDenied"
    grant = {**allow("s3:GetObject", "arn:aws:s3:::with-policy/*"), "Principal": {"AWS": arn}}
    deny = {**allow("s3:*", "arn:aws:s3:::with-policy/*", Bool={"aws:SecureTransport": "false"}), "Effect": "Deny"}
    deny["Principal"] = "*"
    server.client("s3").put_bucket_policy(Bucket="with-policy", Policy=json.dumps({"Statement": [grant, deny]}))
    assert s3.get_object(Bucket="with-policy", Key="a")["Body"].read() == b"1"
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    server.client("s3").put_bucket_policy(Bucket="with-policy", Policy=json.dumps({"Statement": [grant, deny]}))
    assert (
        "with an explicit deny in a resource-based policy" in refused(s3.get_object, Bucket="with-policy", Key="a")[2]
    )


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code", "status", "what"),
    [
        (
            "dynamodb",
            "get_item",
            {"TableName": "t", "Key": {"id": {"S": "1"}}},
            "AccessDeniedException",
            400,
            f"dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t",
        ),
        (
            "sns",
            "publish",
            {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "Message": "m"},
            "AuthorizationError",
            403,
            f"SNS:Publish on resource: arn:aws:sns:us-east-1:{ACCOUNT}:t",
        ),
        (
            "sqs",
            "get_queue_url",
            {"QueueName": "q"},
            "AccessDenied",
            403,
            f"sqs:GetQueueUrl on resource: arn:aws:sqs:us-east-1:{ACCOUNT}:q",
        ),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"},
            "AccessDeniedException",
            400,
            f"states:StartExecution on resource: arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m",
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "f"},
            "AccessDeniedException",
            403,
            f"lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        ),
        ("iam", "list_roles", {}, "AccessDenied", 403, "iam:ListRoles"),
    ],
)
def test_each_service_refuses_in_its_own_form(
    server: LocalServer, service: str, method: str, arguments: dict[str, Any], code: str, status: int, what: str
) -> None:
    if ("powerless",) not in {(each["RoleName"],) for each in server.client("iam").list_roles()["Roles"]}:
        role(server, "powerless")
    client = session(server, f"arn:aws:iam::{ACCOUNT}:role/powerless")(service)
    found, seen, message = refused(getattr(client, method), **arguments)
    assert (found, seen) == (code, status)
    assert f"is not authorized to perform: {what}".lower() in message.lower()


def test_boundary_limits_what_policies_grant(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
    arn = role(server, "bounded", allow("ssm:*", "*"))
    limits = json.dumps({"Version": "2012-10-17", "Statement": [allow("ssm:GetParameter", "*")]})
    boundary = server.client("iam").create_policy(PolicyName="limits", PolicyDocument=limits)["Policy"]["Arn"]
    server.client("iam").put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    ssm = session(server, arn)("ssm")
    server.client("ssm").put_parameter(Name="bounded", Value="v", Type="String")
    assert ssm.get_parameter(Name="bounded")["Parameter"]["Value"] == "v"
    _, _, message = refused(ssm.delete_parameter, Name="bounded")
    assert message.endswith("because no permissions boundary allows the ssm:DeleteParameter action")


def test_key_policy_rules_over_identity_policies(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"""
    key = server.client("kms").create_key()["KeyMetadata"]["KeyId"]
    needed = allow("kms:Encrypt", "*", Null={"kms:EncryptionContext:purpose": "false"})
    kms = session(server, role(server, "key-user", needed))("kms")
    kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"purpose": "test"})
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    policy = json.dumps(
        {"Statement": [{**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/o"}}]}
    )
    server.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    _, _, message = refused(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"purpose": "test"})
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")


def test_data_under_a_customers_key_needs_the_key_by_way_of_the_service(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms"""
    key = server.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3, sqs = server.client("s3"), server.client("sqs")
    s3.create_bucket(Bucket="sealed")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [rule]})
    url = sqs.create_queue(QueueName="sealed", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    arn = role(
        server,
        "sealed-writer",
        allow(["s3:*Object", "sqs:SendMessage"], "*"),
        allow("kms:GenerateDataKey", key, **via),
    )
    client = session(server, arn)
    client("s3").put_object(Bucket="sealed", Key="a", Body=b"1")
    _, _, message = refused(client("s3").get_object, Bucket="sealed", Key="a")
    assert f'kms:Decrypt on resource: "{key}" because no identity-based policy' in message
    _, _, message = refused(client("sqs").send_message, QueueUrl=url, MessageBody="m")
    assert f"kms:GenerateDataKey on resource: {key}" in message
    assert refused(client("kms").generate_data_key, KeyId=key, KeySpec="AES_256")[0] == "AccessDeniedException"


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
