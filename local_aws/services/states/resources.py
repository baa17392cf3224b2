"""The Resource of a Task: which service and which call it names, and how the task ends.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import botocore.session
from botocore.model import OperationModel, ServiceModel

from local_aws.services.states.models import Mode

FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:[^\s:]{1,80}")
SERVICE = re.compile(r"arn:aws[\w-]*:states:[\w-]*:\d*:(?P<service>(aws-sdk:)?[\w-]+):(?P<api>\w+)(?P<pattern>\..+)?")
PATTERNS: dict[str, Mode] = {"": "request", ".sync": "sync", ".sync:2": "sync:2", ".waitForTaskToken": "token"}

JOB: frozenset[Mode] = frozenset({"request", "sync"})
REQUEST: frozenset[Mode] = frozenset({"request"})
CALLBACK: frozenset[Mode] = frozenset({"request", "token"})
NESTED: frozenset[Mode] = frozenset({"request", "sync", "sync:2", "token"})
#: The optimised integrations that are provided, with the patterns that AWS offers for each.
OPTIMISED: dict[tuple[str, str], frozenset[Mode]] = {
    ("lambda", "invoke"): CALLBACK,
    ("sqs", "sendMessage"): CALLBACK,
    ("sns", "publish"): CALLBACK,
    ("events", "putEvents"): CALLBACK,
    ("dynamodb", "getItem"): REQUEST,
    ("dynamodb", "putItem"): REQUEST,
    ("dynamodb", "updateItem"): REQUEST,
    ("dynamodb", "deleteItem"): REQUEST,
    ("glue", "startJobRun"): JOB,
    ("sagemaker", "createTrainingJob"): JOB,
    ("sagemaker", "createProcessingJob"): JOB,
    ("sagemaker", "createTransformJob"): JOB,
    ("sagemaker", "createModel"): REQUEST,
    ("sagemaker", "createEndpointConfig"): REQUEST,
    ("sagemaker", "createEndpoint"): REQUEST,
    ("sagemaker", "updateEndpoint"): REQUEST,
    ("states", "startExecution"): NESTED,
}
#: Where the name in a Resource is neither botocore's nor botocore's without hyphens.
SERVICE_NAMES = {
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "elasticloadbalancingv2": "elbv2",
}


class ResourceError(ValueError):
    """The Resource names nothing that can be called."""


@dataclass(frozen=True)
class Resource:
    """``service`` is botocore's name, ``operation`` the API's; the others are what histories show."""

    kind: Literal["function", "activity", "optimised", "sdk"]
    service: str
    operation: str
    mode: Mode
    shown_type: str
    shown: str


def parse(arn: str) -> Resource:
    """Raises ``ResourceError`` for what AWS does not know or this server does not provide."""
    if FUNCTION.fullmatch(arn):
        return Resource("function", "lambda", "Invoke", "request", arn, arn)
    if ACTIVITY.fullmatch(arn):
        return Resource("activity", "stepfunctions", "GetActivityTask", "token", arn, arn)
    match = SERVICE.fullmatch(arn)
    if match is None or (match["pattern"] or "") not in PATTERNS:
        raise ResourceError(_unknown(arn))
    mode, named = PATTERNS[match["pattern"] or ""], match["service"]
    shown = match["api"] + (match["pattern"] or "")
    if named.startswith("aws-sdk:"):
        if mode not in CALLBACK:
            raise ResourceError(_unknown(arn))
        service = _service_name(named.removeprefix("aws-sdk:"))
        operation = None if service is None else _operation_name(service, match["api"])
        if service is None or operation is None:
            raise ResourceError(_unknown(arn))
        return Resource("sdk", service, operation, mode, named, shown)
    if mode not in OPTIMISED.get((named, match["api"]), frozenset()):
        raise ResourceError(_unknown(arn))
    service = SERVICE_NAMES.get(named, named)
    return Resource("optimised", service, _pascal(match["api"]), mode, named, shown)


@cache
def service_model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


def operation_model(resource: Resource) -> OperationModel:
    return service_model(resource.service).operation_model(resource.operation)


def _unknown(arn: str) -> str:
    return (
        f"The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is "
        "not available in this region."
    )


def _operation_name(service: str, api: str) -> str | None:
    by_lower_case = {name.lower(): name for name in service_model(service).operation_names}
    return by_lower_case.get(api.lower())


def _service_name(name: str) -> str | None:
    if name in SERVICE_NAMES:
        return SERVICE_NAMES[name]
    return _names_without_hyphens().get(name)


@cache
def _names_without_hyphens() -> dict[str, str]:
    return {name.replace("-", ""): name for name in _session().get_available_services()}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
