"""Calls of Task states: Resource ARNs, parameters, results and errors of each service.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from state_machines import METADATA, FakeServices, StatesWorld, client_error

from local_aws.services.states.errors import StateError
from local_aws.services.states.tasks.integrations import Caller, UnreachableError, call, prepare
from local_aws.services.states.tasks.resources import OPTIMISED, ResourceError, operation_model, parse

CALLER = Caller(
    "arn:aws:states:us-east-1:123456789012:execution:m:e", "arn:aws:states:us-east-1:123456789012:stateMachine:m"
)
STARTED = datetime(2024, 5, 1, 10, 0, 0, 123000, tzinfo=UTC)


def invoke(resource: str, parameters: Any, reply: dict[str, Any] | Exception) -> Any:
    """The task's result; ``reply`` is the service's."""
    services = FakeServices()

    def answer(**_: Any) -> dict[str, Any]:
        if isinstance(reply, Exception):
            raise reply
        return reply

    named = parse(resource)
    from botocore import xform_name

    services.on(f"{named.service}.{xform_name(named.operation)}", answer)
    return call(services, named, parameters, CALLER)


@pytest.mark.parametrize(("service", "api"), OPTIMISED)
def test_every_optimised_integration_names_an_operation_of_botocore(service: str, api: str) -> None:
    for mode in OPTIMISED[(service, api)]:
        pattern = {"request": "", "token": ".waitForTaskToken"}.get(mode, f".{mode}")
        resource = parse(f"arn:aws:states:::{service}:{api}{pattern}")
        assert resource.mode == mode
        assert operation_model(resource).input_shape is not None


@pytest.mark.parametrize(
    ("arn", "service", "operation"),
    [
        ("arn:aws:states:::aws-sdk:dynamodb:query", "dynamodb", "Query"),
        ("arn:aws:states:::aws-sdk:sfn:describeExecution", "stepfunctions", "DescribeExecution"),
        ("arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint", "sagemaker-runtime", "InvokeEndpoint"),
        ("arn:aws:states:::aws-sdk:cloudwatchlogs:putLogEvents", "logs", "PutLogEvents"),
        ("arn:aws:states:::aws-sdk:eventbridge:putEvents", "events", "PutEvents"),
        ("arn:aws:states:::aws-sdk:rds:describeDbInstances", "rds", "DescribeDBInstances"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "lambda", "Invoke"),
    ],
)
def test_resource(arn: str, service: str, operation: str) -> None:
    resource = parse(arn)
    assert (resource.service, resource.operation) == (service, operation)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:::dynamodb:putItem.waitForTaskToken",
        "arn:aws:states:::aws-sdk:s3:getObject.sync",
        "arn:aws:states:::glue:startJobRun.sync:2",
        "arn:aws:states:::aws-sdk:logs:putLogEvents",
        "arn:aws:states:::aws-sdk:s3:GetObject",
        "arn:aws:states:::aws-sdk:s3:selectObjectContent",
        "arn:aws:states:::aws-sdk:stepfunctions:startExecution",
        "lambda:invoke",
    ],
)
def test_resources_that_aws_or_this_server_does_not_know_are_refused(arn: str) -> None:
    with pytest.raises(ResourceError, match="is not recognized"):
        parse(arn)


@pytest.mark.parametrize(
    ("resource", "parameters", "field", "expected"),
    [
        ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": {"a": 1}}, "MessageBody", '{"a":1}'),
        ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "text"}, "MessageBody", "text"),
        ("sns:publish", {"TopicArn": "t", "Message": ["a"]}, "Message", '["a"]'),
        ("lambda:invoke", {"FunctionName": "f", "Payload": {"a": None}}, "Payload", b'{"a":null}'),
        ("lambda:invoke", {"FunctionName": "f", "Payload": "text"}, "Payload", b"text"),
        ("states:startExecution", {"StateMachineArn": "m", "Input": {"a": 1}}, "input", '{"a":1}'),
        ("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k", "Body": {"a": 1}}, "Body", b'{"a":1}'),
    ],
)
def test_json_values_where_the_service_takes_text(resource: str, parameters: Any, field: str, expected: Any) -> None:
    assert prepare(parse(f"arn:aws:states:::{resource}"), parameters, CALLER)[field] == expected


def test_events_carry_the_execution_and_its_machine() -> None:
    entry = {"Detail": {"a": 1}, "DetailType": "d", "Source": "s", "Resources": ["mine"]}
    request = prepare(parse("arn:aws:states:::events:putEvents"), {"Entries": [entry]}, CALLER)
    assert request["Entries"][0]["Detail"] == '{"a":1}'
    assert request["Entries"][0]["Resources"] == ["mine", CALLER.execution, CALLER.machine]


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"QueueUrl": 5, "MessageBody": "b"}, "The value for the field 'QueueUrl' must be a STRING"),
        ({"QueueUrl": "q"}, "The field 'MessageBody' is required but was missing"),
        (
            {"QueueUrl": "q", "MessageBody": "b", "DelaySeconds": "5"},
            "The value for the field 'DelaySeconds' must be a",
        ),
        ({"queueUrl": "q", "MessageBody": "b"}, 'The field "queueUrl" is not supported by Step Functions'),
        ("text", "The value for the field 'Arguments' must be an object"),
    ],
)
def test_parameters_that_do_not_fit_are_a_runtime_error(parameters: Any, problem: str) -> None:
    with pytest.raises(StateError) as caught:
        prepare(parse("arn:aws:states:::sqs:sendMessage"), parameters, CALLER)
    assert (caught.value.error, caught.value.terminal) == ("States.Runtime", True)
    assert problem in str(caught.value.cause)


def test_optimised_results_carry_the_sdks_metadata_and_times_in_milliseconds() -> None:
    reply = {"executionArn": "e", "startDate": STARTED, "ResponseMetadata": METADATA}
    parameters = {"StateMachineArn": "m", "Name": "n"}
    assert invoke("arn:aws:states:::states:startExecution", parameters, reply) == {
        "ExecutionArn": "e",
        "StartDate": 1714557600123,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {"content-type": ["application/json"]},
            "HttpHeaders": {"content-type": "application/json"},
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": METADATA["RequestId"]},
    }


def test_sdk_results_are_plain_with_iso_times_and_text_bodies() -> None:
    reply = {"Body": io.BytesIO(b"text"), "LastModified": STARTED, "Metadata": {"own-key": "v"}}
    assert invoke("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}, reply) == {
        "Body": "text",
        "LastModified": "2024-05-01T10:00:00.123Z",
        "Metadata": {"own-key": "v"},
    }


def test_fields_are_in_pascal_case_at_every_depth_but_data_keeps_its_keys() -> None:
    reply = {"executionArn": "e", "inputDetails": {"included": True}, "input": '{"lower":1}'}
    found = invoke("arn:aws:states:::aws-sdk:sfn:describeExecution", {"ExecutionArn": "e"}, reply)
    assert found == {"ExecutionArn": "e", "InputDetails": {"Included": True}, "Input": '{"lower":1}'}
    payload = {"StatusCode": 200, "Payload": io.BytesIO(b'{"lower":{"case":1}}')}
    assert invoke("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}, payload)["Payload"] == {"lower": {"case": 1}}


@pytest.mark.parametrize(
    ("resource", "parameters", "code", "error"),
    [
        ("lambda:invoke", {"FunctionName": "f"}, "ResourceNotFoundException", "Lambda.ResourceNotFoundException"),
        ("lambda:invoke", {"FunctionName": "f"}, "Unheard", "Lambda.AWSLambdaException"),
        ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "b"}, "MissingParameter", "SQS.AmazonSQSException"),
        ("glue:startJobRun", {"JobName": "j"}, "EntityNotFoundException", "Glue.EntityNotFoundException"),
        (
            "glue:startJobRun",
            {"JobName": "j"},
            "ConcurrentRunsExceededException",
            "Glue.ConcurrentRunsExceededException",
        ),
        (
            "states:startExecution",
            {"StateMachineArn": "m"},
            "StateMachineDoesNotExist",
            "StepFunctions.StateMachineDoesNotExistException",
        ),
        (
            "sagemaker:createModel",
            {"ModelName": "m"},
            "ResourceLimitExceeded",
            "SageMaker.ResourceLimitExceededException",
        ),
        ("sagemaker:createModel", {"ModelName": "m"}, "ValidationException", "SageMaker.AmazonSageMakerException"),
        ("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}, "NoSuchKey", "S3.NoSuchKeyException"),
        (
            "aws-sdk:dynamodb:getItem",
            {"TableName": "t", "Key": {"id": {"S": "1"}}},
            "ValidationException",
            "DynamoDb.DynamoDbException",
        ),
        (
            "aws-sdk:secretsmanager:getSecretValue",
            {"SecretId": "s"},
            "ResourceNotFoundException",
            "SecretsManager.ResourceNotFoundException",
        ),
        (
            "aws-sdk:sfn:describeExecution",
            {"ExecutionArn": "e"},
            "ExecutionDoesNotExist",
            "Sfn.ExecutionDoesNotExistException",
        ),
    ],
)
def test_error_names(resource: str, parameters: Any, code: str, error: str) -> None:
    with pytest.raises(StateError) as caught:
        invoke(f"arn:aws:states:::{resource}", parameters, client_error(code, "what went wrong"))
    assert caught.value.error == error
    assert str(caught.value.cause).startswith("what went wrong (Service: ")


def test_a_function_error_without_a_type() -> None:
    reply = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b'"out of memory"'}
    with pytest.raises(StateError) as caught:
        invoke("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}, reply)
    assert (caught.value.error, caught.value.cause) == ("Lambda.Unknown", '"out of memory"')


def test_an_event_that_is_refused_fails_the_task() -> None:
    reply = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]}
    with pytest.raises(StateError, match=r"EventBridge\.FailedEntry"):
        invoke("arn:aws:states:::events:putEvents", {"Entries": [{"Source": "s"}]}, reply)


def test_a_connection_that_broke_is_told_from_one_that_never_was() -> None:
    broken = ConnectionClosedError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(UnreachableError) as caught:
        invoke("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}, broken)
    assert caught.value.sent
    assert caught.value.failure.error == "Lambda.SdkClientException"


def test_a_call_that_may_have_arrived_is_not_made_twice(world: StatesWorld, services: FakeServices) -> None:
    def broken(**_: Any) -> None:
        raise ConnectionClosedError(endpoint_url="http://127.0.0.1:1")

    services.on("lambda.invoke", broken)
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "f"},
        "End": True,
    }
    assert world.run({"StartAt": "A", "States": {"A": state}})["error"] == "Lambda.SdkClientException"
    assert len(services.made("lambda.invoke")) == 1
