"""The gateway's contract: parse, refuse, call, serialise, in each protocol; no failure leaves AWS's error shape."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.test import Client

from local_aws import api
from local_aws.api import ApiError, Context, NotOursError
from local_aws.gateway import Gateway
from local_aws.protocol import Response


class RecordingBackend:
    """Stands for moto: remembers what reached it."""

    def __init__(self) -> None:
        self.served: list[tuple[str, str, bytes]] = []

    def serve(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response:
        self.served.append((service, action, body))
        return Response(200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}")


class Raw:
    """What botocore reads an answer's body from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: object) -> bytes:
        content, self._content = self._content, b""
        return content


class Bench:
    """A gateway with operations of the test's own, and boto3 clients that call it in process."""

    def __init__(self) -> None:
        self.backend = RecordingBackend()
        self.gateway = Gateway(self.backend)
        self.gateway.context = cast(Context, object())
        self.web = Client(self.gateway)

    def client(self, service: str) -> Any:
        client = boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url="http://localhost",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False),
        )
        client.meta.events.register("before-send.*.*", self._send)
        return client

    def _send(self, request: Any, **_: object) -> AWSResponse:
        headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()}
        path = request.url.removeprefix("http://localhost")
        answer = self.web.open(path, method=request.method, headers=headers, data=request.body)
        return AWSResponse(request.url, answer.status_code, dict(answer.headers), Raw(answer.data))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Register a function for one test: ``own("glue", "GetJob", lambda aws, request: ...)``."""
    operations = dict(api.OPERATIONS)
    monkeypatch.setattr("local_aws.gateway.OPERATIONS", operations)

    def register(service: str, name: str, function: Any) -> None:
        operations[(service, name)] = function

    return register


def failing(error: Exception) -> Any:
    def fail(aws: Context, request: Mapping[str, Any]) -> None:
        raise error

    return fail


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


MOMENT = datetime(2024, 2, 29, 12, 30, 15, 250000, UTC)


def test_json_times_and_blobs_arrive_typed_and_leave_typed(bench: Bench, own: Any) -> None:
    seen: dict[str, Any] = {}

    def describe(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
        seen.update(request)
        return {"executionArn": "arn", "status": "RUNNING", "startDate": MOMENT, "stateMachineArn": "m"}

    own("stepfunctions", "DescribeExecution", describe)
    answer = bench.client("stepfunctions").describe_execution(executionArn="arn:x")
    assert seen == {"executionArn": "arn:x"}
    assert answer["startDate"] == MOMENT

    def list_jobs(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
        seen.update(request)
        return {"TrainingJobSummaries": []}

    own("sagemaker", "ListTrainingJobs", list_jobs)
    bench.client("sagemaker").list_training_jobs(CreationTimeAfter=MOMENT)
    assert seen["CreationTimeAfter"] == MOMENT


def test_rest_json_path_headers_and_raw_body(bench: Bench, own: Any) -> None:
    seen: dict[str, Any] = {}

    def invoke(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
        seen.update(request)
        return {"Body": iter([b"\x00a", b"\xffb"]), "ContentType": "text/csv", "InvokedProductionVariant": "v1"}

    own("sagemaker-runtime", "InvokeEndpoint", invoke)
    answer = bench.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="an-endpoint", Body=b"\x00\xff", ContentType="application/x-thing", Accept="text/csv"
    )
    assert seen == {
        "EndpointName": "an-endpoint",
        "Body": b"\x00\xff",
        "ContentType": "application/x-thing",
        "Accept": "text/csv",
    }
    assert answer["Body"].read() == b"\x00a\xffb"
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/csv", "v1")


def test_rest_json_status_of_the_result(bench: Bench, own: Any) -> None:
    own("lambda", "Invoke", lambda aws, request: {"StatusCode": 202, "Payload": b""})
    answer = bench.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202


def test_query_lists_structures_and_times(bench: Bench, own: Any) -> None:
    seen: dict[str, Any] = {}

    def create(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
        seen.update(request)
        return {"StackId": "id"}

    own("cloudformation", "CreateStack", create)
    bench.client("cloudformation").create_stack(
        StackName="s",
        TemplateBody="{}",
        Parameters=[{"ParameterKey": "A", "ParameterValue": "<&>"}, {"ParameterKey": "B", "UsePreviousValue": True}],
    )
    assert seen["Parameters"] == [
        {"ParameterKey": "A", "ParameterValue": "<&>"},
        {"ParameterKey": "B", "UsePreviousValue": True},
    ]
    stack = {"StackName": "s", "CreationTime": MOMENT, "StackStatus": "CREATE_COMPLETE", "Outputs": []}
    own("cloudformation", "DescribeStacks", lambda aws, request: {"Stacks": [stack]})
    described = bench.client("cloudformation").describe_stacks()["Stacks"][0]
    assert (described["CreationTime"], described["StackStatus"]) == (MOMENT, "CREATE_COMPLETE")


@pytest.mark.parametrize(
    ("service", "operation", "call", "code", "status"),
    [
        ("stepfunctions", "ListActivities", {}, "UnknownOperationException", 400),
        ("sagemaker", "ListHubs", {}, "UnknownOperationException", 400),
        ("lambda", "ListLayers", {}, "UnknownOperationException", 404),
        ("cloudformation", "ListTypes", {}, "InvalidAction", 400),
    ],
)
def test_unknown_operation_in_each_protocol(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    call: dict[str, Any],
    code: str,
    status: int,
) -> None:
    # Whatever this server provides by now, it provides nothing in this test.
    monkeypatch.setattr("local_aws.gateway.OPERATIONS", {})
    client = bench.client(service)
    method = {name: key for key, name in client.meta.method_to_api_mapping.items()}[operation]
    with pytest.raises(ClientError) as raised:
        getattr(client, method)(**call)
    assert code_of(raised) == (code, status)
    assert bench.backend.served == []


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("stepfunctions", "DescribeExecution", {"executionArn": "a"}),
        ("lambda", "GetFunction", {"FunctionName": "f"}),
        ("cloudformation", "DescribeStacks", {"StackName": "s"}),
    ],
)
def test_errors_keep_code_message_and_status_in_each_protocol(
    bench: Bench, own: Any, service: str, operation: str, call: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    client = bench.client(service)
    method = getattr(client, {name: key for key, name in client.meta.method_to_api_mapping.items()}[operation])
    own(service, operation, failing(ApiError("SomethingHappened", "why <it> did", 409)))
    with pytest.raises(ClientError) as raised:
        method(**call)
    assert code_of(raised) == ("SomethingHappened", 409)
    assert raised.value.response["Error"]["Message"] == "why <it> did"

    own(service, operation, failing(RuntimeError("the password is hunter2")))
    with caplog.at_level(logging.ERROR), pytest.raises(ClientError) as raised:
        method(**call)
    assert code_of(raised) == ("InternalFailure", 500)
    assert "hunter2" not in str(raised.value)
    assert "hunter2" in caplog.text


def test_modelled_error_has_its_modelled_status(bench: Bench, own: Any) -> None:
    own("lambda", "GetFunction", failing(ApiError("ResourceNotFoundException", "no f")))
    client = bench.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as raised:
        client.get_function(FunctionName="f")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "TrainingJobName"),
        ({"TrainingJobName": 5}, "TrainingJobName"),
        ({"TrainingJobName": "no spaces"}, "regular expression pattern"),
        ({"TrainingJobName": "x" * 64}, "length less than or equal to 63"),
    ],
)
def test_request_that_the_model_refuses(bench: Bench, own: Any, request_: dict[str, Any], problem: str) -> None:
    own("sagemaker", "DescribeTrainingJob", failing(AssertionError("must not be called")))
    with pytest.raises(ClientError, match=problem) as raised:
        bench.client("sagemaker").describe_training_job(**request_)
    assert code_of(raised) == ("ValidationException", 400)


def test_value_outside_an_enumeration_is_refused(bench: Bench, own: Any) -> None:
    own("sagemaker", "ListTrainingJobs", failing(AssertionError("must not be called")))
    with pytest.raises(ClientError, match="enum value set"):
        bench.client("sagemaker").list_training_jobs(StatusEquals="Perhaps")


@pytest.mark.parametrize("body", [b"{not json", b"[]", b'{"InputDataConfig": {"not": "a list"}}'])
def test_unreadable_body_is_a_serialization_error(bench: Bench, own: Any, body: bytes) -> None:
    own("sagemaker", "CreateTrainingJob", failing(AssertionError("must not be called")))
    answer = bench.web.post("/", data=body, headers={"X-Amz-Target": "SageMaker.CreateTrainingJob"})
    assert answer.status_code == 400
    assert json.loads(answer.data)["__type"] == "SerializationException"


def test_operation_may_leave_a_request_to_the_backend(bench: Bench, own: Any) -> None:
    own("kms", "Sign", failing(NotOursError()))
    bench.client("kms").sign(KeyId="k", Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    bench.client("kms").list_keys()
    assert [(service, action) for service, action, _ in bench.backend.served] == [("kms", "Sign"), ("kms", "ListKeys")]
    assert json.loads(bench.backend.served[0][2])["KeyId"] == "k"


def test_requests_wait_for_the_server_to_be_ready(bench: Bench, own: Any) -> None:
    own("lambda", "GetFunction", lambda aws, request: {})
    bench.gateway.context = None
    with pytest.raises(ClientError) as raised:
        bench.client("lambda").get_function(FunctionName="f")
    assert code_of(raised) == ("ServiceUnavailable", 503)


def test_refusal_of_a_sensitive_value_does_not_quote_it(bench: Bench, own: Any) -> None:
    own("kms", "Sign", failing(AssertionError("must not be called")))
    with pytest.raises(ClientError) as raised:
        bench.client("kms").sign(KeyId="k", Message=b"x" * 4097, SigningAlgorithm="ECDSA_SHA_256", MessageType="RAW")
    assert code_of(raised) == ("ValidationException", 400)
    assert "xxx" not in str(raised.value)
