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
    ("sagemaker", "createHyperParameterTuningJob"): JOB,
    ("sagemaker", "createModel"): REQUEST,
    ("sagemaker", "createEndpointConfig"): REQUEST,
    ("sagemaker", "createEndpoint"): REQUEST,
    ("sagemaker", "updateEndpoint"): REQUEST,
    ("states", "startExecution"): NESTED,
}
#: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
HTTP = ("http", "invoke", "request")
#: What AWS offers besides (integrate-optimized.html) and this server does not serve, by service; None is all of it.
UNSERVED: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(("apigateway", "athena", "batch", "bedrock", "codebuild", "databrew", "ecs", "eks")),
    **dict.fromkeys(("elasticmapreduce", "emr-containers", "emr-serverless", "mediaconvert")),
    "sagemaker": frozenset({"createLabelingJob"}),
}
#: botocore's names of the services whose name in ``aws-sdk`` resources (``sdk_names``) is another one.
SDK_SERVICES = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}


class ResourceError(ValueError):
    """The Resource names nothing that can be called."""


@dataclass(frozen=True)
class Resource:
    """``service`` is botocore's name, ``operation`` the API's; the others are what histories show."""

    kind: Literal["function", "activity", "optimised", "sdk", "http"]
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
    if (named, match["api"], mode) == HTTP:
        return Resource("http", named, "Invoke", mode, named, shown)
    if _is_unserved(named, match["api"]):
        raise ResourceError(
            f"The resource {arn} is an integration of AWS that local_aws does not serve: use a Lambda function "
            "(lambda:invoke), an HTTP API (http:invoke) or the API of a service that is served (aws-sdk:...) instead"
        )
    if mode not in OPTIMISED.get((named, match["api"]), frozenset()):
        raise ResourceError(_unknown(arn))
    service = "stepfunctions" if named == "states" else named
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


def _is_unserved(service: str, api: str) -> bool:
    if service not in UNSERVED:
        return False
    apis = UNSERVED[service]
    return apis is None or api in apis


def _operation_name(service: str, api: str) -> str | None:
    """The operation of an action in camelCase; None for what there is not, and for streams of events."""
    model = service_model(service)
    found = {name.lower(): name for name in model.operation_names}.get(api.lower())
    if found is None or api[0].isupper():
        return None
    operation = model.operation_model(found)
    return None if operation.has_event_stream_input or operation.has_event_stream_output else found


def _service_name(name: str) -> str | None:
    return _sdk_services().get(name)


@cache
def _sdk_services() -> dict[str, str]:
    renamed = set(SDK_SERVICES.values())
    same = {name.replace("-", ""): name for name in _session().get_available_services() if name not in renamed}
    return {**same, **SDK_SERVICES}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
