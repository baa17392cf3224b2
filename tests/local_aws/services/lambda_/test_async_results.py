"""The outcome of asynchronous events goes to destinations and dead-letter queues.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack

SOURCE = """
def handler(event, context):
    if "crash" in event:
        raise RuntimeError("crashed")
    return {"seen": event}
"""


@pytest.fixture
def new_queue(local_aws_server: LocalServer) -> Callable[[], tuple[str, str]]:
    def make() -> tuple[str, str]:
        name = uuid.uuid4().hex
        url = local_aws_server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:123456789012:{name}"

    return make


def receive(server: LocalServer, url: str) -> dict[str, Any]:
    message: dict[str, Any] = server.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )["Messages"][0]
    return message


def test_success_and_failure_are_told_and_failures_are_kept(
    local_aws_server: LocalServer, make_function: Callable[..., str], new_queue: Callable[[], tuple[str, str]]
) -> None:
    functions = local_aws_server.client("lambda")
    (good, good_arn), (bad, bad_arn), (dead, dead_arn) = new_queue(), new_queue(), new_queue()
    name = make_function(local_aws_server, SOURCE, DeadLetterConfig={"TargetArn": dead_arn})
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnSuccess": {"Destination": good_arn}, "OnFailure": {"Destination": bad_arn}},
    )
    for event in ({"n": 1}, {"crash": 1}):
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
    success, failure = (json.loads(receive(local_aws_server, url)["Body"]) for url in (good, bad))
    assert (success["requestContext"]["condition"], success["responsePayload"]) == ("Success", {"seen": {"n": 1}})
    assert (failure["requestContext"]["condition"], failure["requestContext"]["approximateInvokeCount"]) == (
        "RetriesExhausted", 1,
    )  # fmt: skip
    assert (failure["requestPayload"], failure["responseContext"]["functionError"]) == ({"crash": 1}, "Unhandled")
    assert failure["responsePayload"]["errorMessage"] == "crashed"
    buried = receive(local_aws_server, dead)
    assert json.loads(buried["Body"]) == {"crash": 1}
    assert buried["MessageAttributes"]["ErrorMessage"]["StringValue"] == "crashed"


def test_event_bus_gets_the_result(
    local_aws_server: LocalServer, make_function: Callable[..., str], new_queue: Callable[[], tuple[str, str]]
) -> None:
    functions, events = local_aws_server.client("lambda"), local_aws_server.client("events")
    url, arn = new_queue()
    name = make_function(local_aws_server, SOURCE)
    pattern = {"source": ["lambda"], "detail": {"requestPayload": {"mark": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    bus = events.describe_event_bus()["Arn"]
    functions.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": bus}})
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"mark": name}))
    told = json.loads(receive(local_aws_server, url)["Body"])
    assert told["detail-type"] == "Lambda Function Invocation Result - Success"
    assert told["detail"]["responsePayload"] == {"seen": {"mark": name}}


def test_settings_are_kept_changed_and_removed(
    local_aws_server: LocalServer, make_function: Callable[..., str]
) -> None:
    functions = local_aws_server.client("lambda")
    name = make_function(local_aws_server, SOURCE)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_event_invoke_config(FunctionName=name)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    functions.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    kept = functions.get_function_event_invoke_config(FunctionName=name)
    assert (kept["MaximumEventAgeInSeconds"], kept["MaximumRetryAttempts"]) == (60, 1)
    assert kept["FunctionArn"].endswith(f"{name}:$LATEST")
    with pytest.raises(ClientError, match="is invalid here"):
        functions.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
        )
    functions.delete_function_event_invoke_config(FunctionName=name)
    assert functions.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"] == []
