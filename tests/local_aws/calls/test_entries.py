"""What is told of a call: names and ARNs, nothing else; who, what, whether it changes something, and how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.calls.entries import entry, reads
from local_aws.calls.incoming import IncomingCall
from local_aws.calls.log import Recorded
from local_aws.identity.principals import assumed_role
from local_aws.protocol import Response


def recorded(service: str, action: str, request: dict[str, Any], response: Response | None = None) -> Recorded:
    environ = {"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": f"Target.{action}", "REMOTE_ADDR": "127.0.0.1"}
    call = IncomingCall(service, action, environ, json.dumps(request).encode())
    call.principal = assumed_role("arn:aws:iam::123456789012:role/r", "s", "a-job")
    return entry(call, response or Response(200, {}, b"{}"))


@pytest.mark.parametrize(
    ("service", "request_", "told"),
    [
        ("sqs", {"QueueUrl": "http://h/1/q", "MessageBody": "private"}, {"QueueUrl": "http://h/1/q"}),
        ("dynamodb", {"TableName": "t", "Key": {"id": {"S": "private"}}}, {"TableName": "t"}),
        ("stepfunctions", {"taskToken": "private", "output": "private"}, {}),
        ("secretsmanager", {"SecretId": "s", "SecretString": "private", "ClientRequestToken": "p"}, {"SecretId": "s"}),
        ("other", {"SessionTokenName": "private", "PasswordArn": "private", "Name": "n"}, {"Name": "n"}),
        ("other", {"Name": {"nested": "private"}, "Flag": True, "Arn": ["private"]}, {}),
        ("other", {"Name": "x" * 5000}, {"Name": "x" * 1024}),
    ],
)
def test_only_what_names_a_thing_is_told(service: str, request_: dict[str, Any], told: dict[str, Any]) -> None:
    found = recorded(service, "DoThing", request_)
    assert found.document["parameters"] == told
    assert "private" not in repr(found)


def test_caller_and_its_work_are_named() -> None:
    found = recorded("stepfunctions", "StartExecution", {"stateMachineArn": "arn:m"})
    assert (found.source, found.name, found.read_only) == ("states.amazonaws.com", "StartExecution", False)
    assert found.principal == "arn:aws:sts::123456789012:assumed-role/r/s"
    assert (found.role, found.document["source"]) == ("arn:aws:iam::123456789012:role/r", "a-job")
    assert found.resources == [("AWS::StepFunctions::StateMachine", "arn:m")]


def test_tables_of_a_transaction_are_its_resources() -> None:
    items = [{"Put": {"TableName": "b", "Item": {}}}, {"Delete": {"TableName": "a", "Key": {}}}]
    found = recorded("dynamodb", "TransactWriteItems", {"TransactItems": items})
    assert found.resources == [("AWS::DynamoDB::Table", "a"), ("AWS::DynamoDB::Table", "b")]


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (Response(200, {}, b'{"__type": "NotAnError"}'), None),
        (Response(400, {}, b'{"__type": "com.amazon#ValidationException"}'), "ValidationException"),
        (Response(404, {"x-amzn-ErrorType": "ResourceNotFoundException:http://x"}, b"{}"), "ResourceNotFoundException"),
        (Response(400, {"X-Amzn-Query-Error": "AWS.Gone;Sender", "x-amzn-errortype": "Other"}, b""), "AWS.Gone"),
        (Response(404, {}, b"<Error><Code>NoSuchKey</Code></Error>"), "NoSuchKey"),
        (Response(404, {}, b""), "404"),
    ],
)
def test_error_is_the_one_that_was_answered(response: Response, code: str | None) -> None:
    assert recorded("other", "DoThing", {}, response).error == code


@pytest.mark.parametrize(
    ("service", "name"), [("s3", "GetObject"), ("kms", "Decrypt"), ("sts", "AssumeRole"), ("sts", "GetSessionToken")]
)
def test_what_cloudtrail_calls_a_read_is_recorded_as_one(service: str, name: str) -> None:
    assert reads(service, name)


@pytest.mark.parametrize(
    ("service", "name"),
    [("sqs", "ReceiveMessage"), ("stepfunctions", "GetActivityTask"), ("cognito-idp", "SignUp"), ("iam", "AssumeRole")],
)
def test_what_changes_something_is_not_recorded_as_a_read(service: str, name: str) -> None:
    assert not reads(service, name)


def test_whatever_comes_in_is_recorded_somehow() -> None:
    for body in (b"", b"[]", b"not JSON", b"\xff\xfe", b"null"):
        environ = {"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "Target.DoThing"}
        found = entry(IncomingCall("nobody", "DoThing", environ, body), Response(400, {}, body))
        assert (found.source, found.document["parameters"]) == ("nobody.amazonaws.com", {})
