"""The record of a server's calls: LookupEvents, the command, and what is never in it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer


def looked_up(server: LocalServer, key: str, value: str) -> list[dict[str, Any]]:
    answer = server.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]
    )
    found: list[dict[str, Any]] = answer["Events"]
    return found


def calls(server: LocalServer, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local_aws", "calls", "--state-dir", str(server.state_dir), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_event_has_the_fields_of_cloudtrail(local_aws_server: LocalServer) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"""
    local_aws_server.client("sqs").create_queue(QueueName="recorded-queue")
    found = looked_up(local_aws_server, "EventName", "CreateQueue")
    [event] = [event for event in found if "recorded-queue" in event["CloudTrailEvent"]]
    record = json.loads(event["CloudTrailEvent"])
    assert (event["EventSource"], event["ReadOnly"], event["Username"]) == ("sqs.amazonaws.com", "false", "root")
    assert record["eventID"] == event["EventId"]
    assert record["requestParameters"] == {"QueueName": "recorded-queue"}
    assert record["userIdentity"]["type"] == "Root"
    assert "errorCode" not in record


def test_failed_calls_carry_the_code_that_the_caller_saw(local_aws_server: LocalServer) -> None:
    for service, method, arguments, code in [
        ("s3", "get_object", {"Bucket": "recorded-none", "Key": "k"}, "NoSuchBucket"),
        (
            "dynamodb",
            "get_item",
            {"TableName": "recorded-none", "Key": {"id": {"S": "1"}}},
            "ResourceNotFoundException",
        ),
        ("lambda", "get_function", {"FunctionName": "recorded-none"}, "ResourceNotFoundException"),
        ("sns", "get_topic_attributes", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:recorded-none"}, "NotFound"),
    ]:
        with pytest.raises(ClientError) as raised:
            getattr(local_aws_server.client(service), method)(**arguments)
        assert raised.value.response["Error"]["Code"] == code
        request_id = raised.value.response["ResponseMetadata"]["RequestId"]
        name = local_aws_server.client(service).meta.method_to_api_mapping[method]
        records = [json.loads(event["CloudTrailEvent"]) for event in looked_up(local_aws_server, "EventName", name)]
        assert [record["errorCode"] for record in records if record["requestID"] == request_id] == [code]


def test_pages_hold_each_event_once(local_aws_server: LocalServer) -> None:
    for number in range(7):
        local_aws_server.client("sqs").create_queue(QueueName=f"paged-{number}")
    trail = local_aws_server.client("cloudtrail")
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=attributes, PaginationConfig={"PageSize": 3})
    events = [event for page in pages for event in page["Events"]]
    names = [json.loads(event["CloudTrailEvent"])["requestParameters"]["QueueName"] for event in events]
    assert [name for name in names if name.startswith("paged-")] == [f"paged-{number}" for number in range(6, -1, -1)]
    assert len({event["EventId"] for event in events}) == len(events)


def test_unusable_lookups_are_refused_as_at_aws(local_aws_server: LocalServer) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html#API_LookupEvents_Errors"""
    trail = local_aws_server.client("cloudtrail")
    token = trail.lookup_events(MaxResults=1)["NextToken"]
    with pytest.raises(trail.exceptions.InvalidNextTokenException):
        trail.lookup_events(NextToken=token, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "X"}])
    with pytest.raises(trail.exceptions.InvalidTimeRangeException):
        trail.lookup_events(StartTime=2_000_000_000, EndTime=1_000_000_000)
    with pytest.raises(ClientError, match=r"[Mm]axResults"):
        trail.lookup_events(MaxResults=51)


def test_bodies_secrets_and_tokens_are_never_recorded(local_aws_server: LocalServer) -> None:
    private = "private-7c1d"
    local_aws_server.client("s3").create_bucket(Bucket="recorded-private")
    local_aws_server.client("s3").put_object(Bucket="recorded-private", Key="told", Body=private.encode())
    local_aws_server.client("secretsmanager").create_secret(Name="told", SecretString=private)
    local_aws_server.client("ssm").put_parameter(Name="told", Value=private, Type="SecureString")
    with pytest.raises(ClientError):
        local_aws_server.client("dynamodb").put_item(TableName="told", Item={"id": {"S": private}})
    with pytest.raises(ClientError):
        local_aws_server.client("stepfunctions").send_task_success(taskToken=private, output=json.dumps(private))
    with pytest.raises(ClientError):
        local_aws_server.client("cognito-idp").admin_initiate_auth(
            UserPoolId="us-east-1_none",
            ClientId="told",
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": private, "PASSWORD": private},
        )
    done = calls(local_aws_server, "--json", "--limit", "1000")
    assert done.returncode == 0
    assert "SendTaskSuccess" in done.stdout
    assert "recorded-private/told" in done.stdout
    assert private not in done.stdout
    for file in local_aws_server.state_dir.glob("calls.sqlite3*"):
        assert private.encode() not in file.read_bytes()


def test_command_lists_what_is_asked_for_and_works_on_a_file(local_aws_server: LocalServer) -> None:
    with pytest.raises(ClientError):
        local_aws_server.client("sqs").get_queue_url(QueueName="listed-nowhere")
    local_aws_server.client("cloudtrail").lookup_events()  # writes what was still in memory
    shown = calls(local_aws_server, "--service", "sqs", "--action", "GetQueueUrl", "--errors", "--since", "1h")
    line = shown.stdout.strip().splitlines()[-1]
    assert "sqs:GetQueueUrl" in line
    assert "NonExistentQueue" in line
    assert calls(local_aws_server, "--principal", "nobody").stdout == ""


def test_followed_calls_appear_until_interrupted(local_aws_server: LocalServer) -> None:
    command = [sys.executable, "-m", "local_aws", "calls", "--state-dir", str(local_aws_server.state_dir)]
    command += ["--follow", "--limit", "1", "--action", "TagQueue"]
    url = local_aws_server.client("sqs").create_queue(QueueName="followed")["QueueUrl"]
    local_aws_server.client("sqs").tag_queue(QueueUrl=url, Tags={"a": "b"})
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert "sqs:TagQueue" in process.stdout.readline()
        local_aws_server.client("sqs").tag_queue(QueueUrl=url, Tags={"c": "d"})
        assert "sqs:TagQueue" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()


def test_command_says_when_there_is_no_record(tmp_path: Any) -> None:
    command = [sys.executable, "-m", "local_aws", "calls", "--state-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "no record of calls" in done.stderr
