"""Which IAM actions and resources stand for which API calls (Service Authorization Reference)."""

from __future__ import annotations

import base64
import json
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from local_aws.access.authorization import Authorization, mode_of
from local_aws.access.roles_handed_over import handed_over
from local_aws.access.usage import Usage
from local_aws.calls.incoming import IncomingCall
from local_aws.settings import SettingError

HERE = "us-east-1:123456789012"
TARGETS = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810", "kms": "TrentService", "ssm": "AmazonSSM"}
MORE = {"sagemaker": "SageMaker", "glue": "AWSGlue", "events": "AWSEvents", "logs": "Logs_20140328"}


def needs(service: str, action: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    if service in ("sns", "iam", "sts", "ses"):
        environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        return needs_of(IncomingCall(service, action, environ, urlencode({"Action": action, **request}).encode()))
    target = {**TARGETS, **MORE}.get(service, service)
    environ = {"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": f"{target}.{action}"}
    return needs_of(IncomingCall(service, action, environ, json.dumps(request).encode()))


def rest(service: str, method: str, path: str, body: bytes = b"", **headers: str) -> list[tuple[str, str]]:
    plain, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": plain,
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        **headers,
    }
    return needs_of(IncomingCall(service, "", environ, body))


def needs_of(call: IncomingCall) -> list[tuple[str, str]]:
    guard = Authorization("record", cast(Usage, None), lambda: None)
    return [(need.action, need.resource) for need in guard.needs(call)]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("GET", "/b/a/k"), [("s3:GetObject", "arn:aws:s3:::b/a/k")]),
        (("HEAD", "/b/k"), [("s3:GetObject", "arn:aws:s3:::b/k")]),
        (("GET", "/b/k?versionId=1"), [("s3:GetObjectVersion", "arn:aws:s3:::b/k")]),
        (("GET", "/b?list-type=2&prefix=x"), [("s3:ListBucket", "arn:aws:s3:::b")]),
        (("HEAD", "/b"), [("s3:ListBucket", "arn:aws:s3:::b")]),
        (("GET", "/"), [("s3:ListAllMyBuckets", "*")]),
        (("PUT", "/b/k"), [("s3:PutObject", "arn:aws:s3:::b/k")]),
        (("POST", "/b/k?uploads"), [("s3:PutObject", "arn:aws:s3:::b/k")]),
        (("PUT", "/b/k?partNumber=1&uploadId=u"), [("s3:PutObject", "arn:aws:s3:::b/k")]),
        (("DELETE", "/b/k?uploadId=u"), [("s3:AbortMultipartUpload", "arn:aws:s3:::b/k")]),
        (("DELETE", "/b/k"), [("s3:DeleteObject", "arn:aws:s3:::b/k")]),
        (("DELETE", "/b/k?versionId=1"), [("s3:DeleteObjectVersion", "arn:aws:s3:::b/k")]),
        (("GET", "/b?versions"), [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
        (("PUT", "/b?encryption"), [("s3:PutEncryptionConfiguration", "arn:aws:s3:::b")]),
        (("PUT", "/b?policy"), [("s3:PutBucketPolicy", "arn:aws:s3:::b")]),
    ],
)
def test_s3(request_: tuple[str, str], expected: list[tuple[str, str]]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
    assert rest("s3", *request_) == expected


def test_airflow_is_called_with_leave_for_one_of_its_roles() -> None:
    """https://docs.aws.amazon.com/mwaa/latest/userguide/access-mwaa-apache-airflow-rest-api.html"""
    body = b'{"Path": "/dags", "Method": "GET"}'
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/restapi/analytics", "QUERY_STRING": ""}
    environ |= {"HTTP_HOST": "localhost", "wsgi.url_scheme": "http", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    call = IncomingCall("mwaa", "", environ, body)
    (need,) = Authorization("record", cast(Usage, None), lambda: None).needs(call)
    roles = f"arn:aws:airflow:{HERE}:role/analytics"
    assert (need.action, need.resource) == ("airflow:InvokeRestApi", f"{roles}/Admin")
    assert f"{roles}/User" in need.others


def test_s3_copy_reads_the_source_and_writes_the_target() -> None:
    found = rest("s3", "PUT", "/b/k", HTTP_X_AMZ_COPY_SOURCE="from/a%20key?versionId=7", HTTP_X_AMZ_TAGGING="a=b")
    assert found == [
        ("s3:PutObject", "arn:aws:s3:::b/k"),
        ("s3:PutObjectTagging", "arn:aws:s3:::b/k"),
        ("s3:GetObjectVersion", "arn:aws:s3:::from/a key"),
    ]


def test_s3_deletes_each_listed_object_by_its_own_right() -> None:
    body = b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object>'
    body += b"<Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
    assert rest("s3", "POST", "/b?delete", body) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/b"),
    ]


TABLE = f"arn:aws:dynamodb:{HERE}:table"
PUT = {"Put": {"TableName": "t", "Item": {}}}
CHECK = {"ConditionCheck": {"TableName": "u", "Key": {}}}
KEY = "11111111-2222-3333-4444-555555555555"
BLOB = base64.b64encode(KEY.encode() + b"\0" * 40).decode()
STREAM = f"{TABLE}/t/stream/2024"


@pytest.mark.parametrize(
    ("service", "action", "request_", "expected"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, [("dynamodb:GetItem", f"{TABLE}/t")]),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", f"{TABLE}/t/index/i")]),
        ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [PUT, CHECK]},
            [("dynamodb:PutItem", f"{TABLE}/t"), ("dynamodb:ConditionCheckItem", f"{TABLE}/u")],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"t": {}, "u": {}}},
            [("dynamodb:BatchGetItem", f"{TABLE}/t"), ("dynamodb:BatchGetItem", f"{TABLE}/u")],
        ),
        ("dynamodbstreams", "GetRecords", {"ShardIterator": f"{STREAM}|1|x"}, [("dynamodb:GetRecords", STREAM)]),
        (
            "sqs",
            "DeleteMessageBatch",
            {"QueueUrl": "http://127.0.0.1:1/123456789012/q"},
            [("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:q")],
        ),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [("sns:Publish", f"arn:aws:sns:{HERE}:t")]),
        (
            "ses",
            "SendEmail",
            {"Source": "Ana <ana@x.org>", "Destination.ToAddresses.member.1": "b@x.org"},
            [("ses:SendEmail", f"arn:aws:ses:{HERE}:identity/ana@x.org")],
        ),
        ("kms", "Encrypt", {"KeyId": KEY}, [("kms:Encrypt", f"arn:aws:kms:{HERE}:key/{KEY}")]),
        ("kms", "Decrypt", {"CiphertextBlob": BLOB}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/{KEY}")]),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b")]),
        (
            "ssm",
            "GetParametersByPath",
            {"Path": "/a/"},
            [("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/a")],
        ),
        ("glue", "StartJobRun", {"JobName": "j"}, [("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/j")]),
        (
            "glue",
            "GetTable",
            {"DatabaseName": "d", "Name": "t"},
            [("glue:GetTable", f"arn:aws:glue:{HERE}:{end}") for end in ("catalog", "database/d", "table/d/t")],
        ),
        (
            "sagemaker",
            "DescribeTrainingJob",
            {"TrainingJobName": "j"},
            [("sagemaker:DescribeTrainingJob", f"arn:aws:sagemaker:{HERE}:training-job/j")],
        ),
        (
            "sagemaker",
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c"},
            [
                ("sagemaker:CreateEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint/e"),
                ("sagemaker:CreateEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint-config/c"),
            ],
        ),
        (
            "sagemaker",
            "CreateTrainingJob",
            {"TrainingJobName": "j", "RoleArn": "arn:aws:iam::123456789012:role/r"},
            [
                ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{HERE}:training-job/j"),
                ("iam:PassRole", "arn:aws:iam::123456789012:role/r"),
            ],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
            [("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:m")],
        ),
        (
            "stepfunctions",
            "DescribeExecution",
            {"executionArn": f"arn:aws:states:{HERE}:execution:m:e"},
            [("states:DescribeExecution", f"arn:aws:states:{HERE}:execution:m:e")],
        ),
        ("events", "PutRule", {"Name": "r"}, [("events:PutRule", f"arn:aws:events:{HERE}:rule/r")]),
        (
            "scheduler",
            "GetSchedule",
            {"Name": "s", "GroupName": "g"},
            [("scheduler:GetSchedule", f"arn:aws:scheduler:{HERE}:schedule/g/s")],
        ),
        (
            "scheduler",
            "DeleteSchedule",
            {"Name": "s"},
            [("scheduler:DeleteSchedule", f"arn:aws:scheduler:{HERE}:schedule/default/s")],
        ),
        (
            "scheduler",
            "CreateScheduleGroup",
            {"Name": "g"},
            [("scheduler:CreateScheduleGroup", f"arn:aws:scheduler:{HERE}:schedule-group/g")],
        ),
        (
            "sagemaker",
            "CreateModelExplainabilityJobDefinition",
            {"JobDefinitionName": "d"},
            [
                (
                    "sagemaker:CreateModelExplainabilityJobDefinition",
                    f"arn:aws:sagemaker:{HERE}:model-explainability-job-definition/d",
                )
            ],
        ),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
        ("iam", "GetRole", {"RoleName": "r"}, [("iam:GetRole", "arn:aws:iam::123456789012:role/r")]),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "s"},
            [("sts:AssumeRole", "arn:aws:iam::123456789012:role/r")],
        ),
        ("unknown", "DoThing", {}, [("unknown:DoThing", "*")]),
    ],
)
def test_other_services(service: str, action: str, request_: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert sorted(needs(service, action, request_)) == sorted(expected)


def test_lambda_invoke_is_called_invoke_function() -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html"""
    found = rest("lambda", "POST", "/2015-03-31/functions/f/invocations", b"{}")
    assert found == [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")]


def test_model_is_invoked_by_sagemakers_prefix() -> None:
    found = rest("sagemaker-runtime", "POST", "/endpoints/e/invocations", b"{}")
    assert found == [("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint/e")]


@pytest.mark.parametrize(
    ("service", "operation", "request_", "taker"),
    [
        ("lambda", "CreateFunction", {"Role": "arn:aws:iam::123456789012:role/r"}, "lambda.amazonaws.com"),
        ("glue", "CreateJob", {"Role": "r"}, "glue.amazonaws.com"),
        ("stepfunctions", "UpdateStateMachine", {"roleArn": "r"}, "states.amazonaws.com"),
        ("sagemaker", "CreateModel", {"ExecutionRoleArn": "r"}, "sagemaker.amazonaws.com"),
        ("events", "PutTargets", {"Targets": [{"Arn": "a", "RoleArn": "r"}]}, "events.amazonaws.com"),
        ("scheduler", "CreateSchedule", {"Target": {"RoleArn": "r"}}, "scheduler.amazonaws.com"),
    ],
)
def test_roles_that_a_call_hands_over(service: str, operation: str, request_: dict[str, Any], taker: str) -> None:
    assert handed_over(service, operation, request_) == [("arn:aws:iam::123456789012:role/r", taker)]


def test_mode_is_the_option_or_the_variable_or_off() -> None:
    assert mode_of(None, {}) == "off"
    assert mode_of(None, {"LOCAL_AWS_IAM": "record"}) == "record"
    assert mode_of("enforce", {"LOCAL_AWS_IAM": "record"}) == "enforce"
    with pytest.raises(SettingError, match="off, record, enforce"):
        mode_of(None, {"LOCAL_AWS_IAM": "yes"})
