"""How a function's asynchronous events are retried and where their outcome goes.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import model, requests
from local_aws.services.lambda_.functions import page

KIND = model.ASYNC_KIND
SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
DESTINATIONS = (":sqs:", ":sns:", ":lambda:", ":events:")


def settings_of(aws: Context, name: str) -> dict[str, Any]:
    """The settings of the function ``name``; empty when nobody made any."""
    return aws.store.get(KIND, name) or {}


@operation("lambda", "PutFunctionEventInvokeConfig")
def put_function_event_invoke_config(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return _save(aws, request, {})


@operation("lambda", "UpdateFunctionEventInvokeConfig")
def update_function_event_invoke_config(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return _save(aws, request, _find(aws, request))


@operation("lambda", "GetFunctionEventInvokeConfig")
def get_function_event_invoke_config(aws: Context, request: requests.FunctionRequest) -> dict[str, Any]:
    return _find(aws, request)


@operation("lambda", "ListFunctionEventInvokeConfigs")
def list_function_event_invoke_configs(aws: Context, request: requests.FunctionListRequest) -> dict[str, Any]:
    kept = aws.store.get(KIND, _name(aws, request))
    return page("FunctionEventInvokeConfigs", [kept] if kept else [], request)


@operation("lambda", "DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(aws: Context, request: requests.FunctionRequest) -> None:
    _find(aws, request)
    aws.store.delete(KIND, _name(aws, request))


def _name(aws: Context, request: Mapping[str, Any]) -> str:
    function = model.find(aws, request["FunctionName"], request.get("Qualifier"))
    return str(function["configuration"]["FunctionName"])


def _find(aws: Context, request: Mapping[str, Any]) -> dict[str, Any]:
    name = _name(aws, request)
    kept = aws.store.get(KIND, name)
    if kept is None:
        arn = f"{model.arn_of(aws, name)}:{model.LATEST}"
        raise ApiError("ResourceNotFoundException", f"The function {arn} doesn't have an EventInvokeConfig", 404)
    return kept


def _save(aws: Context, request: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    name = _name(aws, request)
    for which in ("OnSuccess", "OnFailure"):
        arn = (request.get("DestinationConfig", {}).get(which) or {}).get("Destination")
        if arn and (not any(service in arn for service in DESTINATIONS) or arn.endswith(".fifo")):
            raise ApiError(
                "InvalidParameterValueException",
                f"The destination ARN {arn} is invalid here: only standard queues and topics, functions, event buses",
            )
    kept = {
        **old,
        **{key: request[key] for key in SETTINGS if key in request},
        "FunctionArn": f"{model.arn_of(aws, name)}:{model.LATEST}",
        "LastModified": datetime.now(UTC),
    }
    aws.store.put(KIND, name, kept)
    return kept
