"""A server that enforces roles: each service's refusal, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from local_server import LocalServer
from role_sessions import ACCOUNT, allow, refused, role, session

pytestmark = pytest.mark.stack


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


def test_a_tables_own_policy_denies_whatever_the_role_allows(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html"""
    owner, key = server.client("dynamodb"), [{"AttributeName": "id", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "id", "AttributeType": "S"}]
    owner.create_table(TableName="kept", KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/kept"
    deny = {**allow("dynamodb:DeleteItem", table), "Effect": "Deny", "Principal": "*"}
    owner.put_resource_policy(ResourceArn=table, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    dynamodb = session(server, role(server, "of-tables", allow("dynamodb:*", "*")))("dynamodb")
    dynamodb.put_item(TableName="kept", Item={"id": {"S": "a"}})
    assert refused(dynamodb.delete_item, TableName="kept", Key={"id": {"S": "a"}})[0] == "AccessDeniedException"
    assert dynamodb.get_item(TableName="kept", Key={"id": {"S": "a"}})["Item"]


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


def test_policies_of_aws_itself_count(server: LocalServer) -> None:
    """https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMReadOnlyAccess.html"""
    arn = role(server, "managed")
    managed = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
    server.client("iam").attach_role_policy(RoleName="managed", PolicyArn=managed)
    server.client("ssm").put_parameter(Name="managed", Value="v", Type="String")
    ssm = session(server, arn)("ssm")
    assert ssm.get_parameter(Name="managed")["Parameter"]["Value"] == "v"
    assert refused(ssm.delete_parameter, Name="managed")[0] == "AccessDeniedException"


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


def test_a_namespace_is_known_from_a_body_that_the_client_compressed(server: LocalServer) -> None:
    """botocore compresses PutMetricData from 10 KiB on: its trait requestcompression."""
    arn = role(
        server, "metric-writer", allow("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "Own"})
    )
    cloudwatch = session(server, arn)("cloudwatch")
    metrics = [{"MetricName": f"metric-{number}-{'x' * 100}", "Value": 1.0} for number in range(150)]
    cloudwatch.put_metric_data(Namespace="Own", MetricData=metrics)
    assert refused(cloudwatch.put_metric_data, Namespace="Other", MetricData=metrics)[0] == "AccessDenied"
    assert len(server.client("cloudwatch").list_metrics(Namespace="Own")["Metrics"]) == 150
