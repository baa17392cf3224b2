"""The calls of Task states, made over this server's own endpoint as any other client would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnectionError

from local_aws.services.states.errors import RUNTIME, StateError
from local_aws.services.states.jsontext import dumps, loads
from local_aws.services.states.tasks import http_task
from local_aws.services.states.tasks.resources import Resource, operation_model
from local_aws.services.states.tasks.sdk_names import field_name
from local_aws.services.states.tasks.service_errors import client_error, service_error
from local_aws.services.states.tasks.shapes import ParametersError, pascal, to_request, to_result
from local_aws.times import epoch_milliseconds, iso_milliseconds

if TYPE_CHECKING:
    from local_aws.api import Clients

#: The fields of optimised integrations that take a JSON value where the service takes text.
JSON_TEXT_FIELDS = {
    ("sqs", "SendMessage"): frozenset({"MessageBody"}),
    ("sns", "Publish"): frozenset({"Message"}),
    ("events", "PutEvents"): frozenset({"Detail"}),
    ("stepfunctions", "StartExecution"): frozenset({"Input"}),
}


#: Services whose fields keep the API's own names in SDK integrations: attribute values are S, SS, BOOL, NULL.
API_NAMES = {"dynamodb": pascal}


class UnreachableError(Exception):
    """No connection, or it broke: the call may or may not have had its effect. ``sent`` is False if surely not."""

    def __init__(self, failure: StateError, sent: bool) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.sent = sent


@dataclass(frozen=True)
class Caller:
    """The execution that calls; some services are told of it. ``watch`` is shown what an HTTP task sends."""

    execution: str
    machine: str
    watch: http_task.Watch | None = None


def prepare(resource: Resource, parameters: Any, caller: Caller) -> dict[str, Any]:
    """boto3 arguments of the call. Raises ``StateError`` States.Runtime for fields that the service does not have."""
    try:
        return _arguments(resource, parameters, caller)
    except ParametersError as error:
        raise _unusable(parameters, str(error)) from error


def _unusable(parameters: Any, problems: str) -> StateError:
    cause = f"The Parameters '{dumps(parameters)}' could not be used to start the Task: [{problems}]"
    return StateError(RUNTIME, cause, terminal=True)


def _arguments(resource: Resource, parameters: Any, caller: Caller) -> dict[str, Any]:
    if resource.kind == "function":
        return {"FunctionName": resource.shown, "Payload": dumps(parameters).encode()}
    if resource.kind == "http":
        return http_task.prepare(parameters)
    shape = operation_model(resource).input_shape
    if shape is None:
        return {}
    text_fields = JSON_TEXT_FIELDS.get((resource.service, resource.operation), frozenset())
    request = to_request(shape, parameters, text_fields if resource.kind == "optimised" else frozenset())
    if resource.service == "events" and resource.kind == "optimised":
        # https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
        for entry in request["Entries"]:
            entry["Resources"] = [*entry.get("Resources", []), caller.execution, caller.machine]
    return request


def call(clients: Clients, resource: Resource, parameters: Any, caller: Caller) -> Any:
    """Make the call and return the task's result.

    Raises ``StateError`` with the error's name in Step Functions, ``UnreachableError`` without an answer.
    """
    if resource.kind == "http":
        return http_task.invoke(parameters, caller.execution.split(":")[3], caller.watch)
    try:
        request = prepare(resource, parameters, caller)
        client = clients(resource.service)
        answer = getattr(client, xform_name(resource.operation))(**request)
    except ParamValidationError as error:
        raise _unusable(parameters, str(error)) from error
    except ClientError as error:
        raise service_error(resource, error) from error
    except NoConnectionError as error:
        raise UnreachableError(client_error(resource, error), sent=False) from error
    except HTTPClientError as error:
        raise UnreachableError(client_error(resource, error), sent=True) from error
    except BotoCoreError as error:
        raise client_error(resource, error) from error
    return _result(resource, answer)


def _result(resource: Resource, answer: Mapping[str, Any]) -> Any:
    if resource.service == "lambda" and resource.operation == "Invoke":
        answer = {**answer, "Payload": _function_payload(resource, answer)}
        if resource.kind == "function":
            return answer["Payload"]
    model = operation_model(resource).output_shape
    if resource.kind == "sdk":
        return to_result(model, answer, iso_milliseconds, API_NAMES.get(resource.service, field_name))
    result = {**to_result(model, answer, epoch_milliseconds), **_sdk_metadata(answer)}
    if result.get("FailedEntryCount"):
        raise StateError("EventBridge.FailedEntry", dumps(result))
    return result


def _function_payload(resource: Resource, answer: Mapping[str, Any]) -> Any:
    """The function's answer. Raises ``StateError`` with the type of the exception that it ended with."""
    payload = answer.get("Payload", b"")
    raw = payload.read() if hasattr(payload, "read") else payload
    text = raw.decode() if isinstance(raw, bytes) else str(raw)
    try:
        value = loads(text) if text else None
    except ValueError:
        value = text
    if answer.get("FunctionError") and resource.kind != "sdk":
        name = value.get("errorType") if isinstance(value, dict) else None
        raise StateError(str(name) if name else "Lambda.Unknown", dumps(value))
    return value


def _sdk_metadata(answer: Mapping[str, Any]) -> dict[str, Any]:
    metadata = answer.get("ResponseMetadata", {})
    headers = {str(name): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId", "")},
    }
