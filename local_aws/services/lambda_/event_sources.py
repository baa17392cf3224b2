"""Event-source mappings: which queue or table stream invokes which function, and how."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import discards, filters, model, requests
from local_aws.services.lambda_.functions import page
from local_aws.services.lambda_.pollers import KIND, pollers_of

#: Batch size when the request names none, and the largest
#: (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
BATCH_SIZES = {"sqs": (10, 10_000), "dynamodb": (100, 10_000)}
CHANGEABLE = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FilterCriteria",
    "ParallelizationFactor",
    "DestinationConfig",
)
KNOWN = frozenset({"UUID", "FunctionName", "EventSourceArn", "Enabled", "StartingPosition", *CHANGEABLE})
#: Queues have a redrive policy instead.
STREAMS_ONLY = (
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "ParallelizationFactor",
    "DestinationConfig",
)


@operation("lambda", "CreateEventSourceMapping")
def create_event_source_mapping(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    _check_known(request)
    function = model.find(aws, request["FunctionName"])["configuration"]
    source = request.get("EventSourceArn", "")
    service = _service_of(source)
    for _, other in aws.store.list(KIND):
        if (other["EventSourceArn"], other["FunctionArn"]) == (source, function["FunctionArn"]):
            raise ApiError(
                "ResourceConflictException",
                f"The event source arn ({source}) and function ({function['FunctionName']}) are already mapped by "
                f"{other['UUID']}. Please update or delete that mapping.",
                409,
            )
    identifier = str(uuid.uuid4())
    mapping = {
        "UUID": identifier,
        "EventSourceMappingArn": aws.arn("lambda", f"event-source-mapping:{identifier}"),
        "EventSourceArn": source,
        "FunctionArn": function["FunctionArn"],
        "BatchSize": BATCH_SIZES[service][0],
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        **{key: request[key] for key in CHANGEABLE if key in request},
    }
    if service == "dynamodb":
        if request.get("StartingPosition") not in ("TRIM_HORIZON", "LATEST"):
            raise ApiError(
                "InvalidParameterValueException", "StartingPosition must be TRIM_HORIZON or LATEST for streams"
            )
        mapping["StartingPosition"] = request["StartingPosition"]
    _check(aws, mapping, function)
    return _save(aws, mapping, enabled=request.get("Enabled", True))


@operation("lambda", "UpdateEventSourceMapping")
def update_event_source_mapping(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    _check_known(request)
    mapping = _find(aws, request["UUID"])
    mapping.update({key: request[key] for key in CHANGEABLE if key in request})
    if "FunctionName" in request:
        mapping["FunctionArn"] = model.find(aws, request["FunctionName"])["configuration"]["FunctionArn"]
    _check(aws, mapping, model.find(aws, mapping["FunctionArn"])["configuration"])
    return _save(aws, mapping, enabled=request.get("Enabled", mapping["State"] == "Enabled"))


@operation("lambda", "GetEventSourceMapping")
def get_event_source_mapping(aws: Context, request: requests.MappingRequest) -> dict[str, Any]:
    return _find(aws, request["UUID"])


@operation("lambda", "ListEventSourceMappings")
def list_event_source_mappings(aws: Context, request: requests.ListMappingsRequest) -> dict[str, Any]:
    mappings = [mapping for _, mapping in aws.store.list(KIND)]
    if "EventSourceArn" in request:
        mappings = [mapping for mapping in mappings if mapping["EventSourceArn"] == request["EventSourceArn"]]
    if "FunctionName" in request:
        arn = model.arn_of(aws, model.name_of(request["FunctionName"]))
        mappings = [mapping for mapping in mappings if mapping["FunctionArn"] == arn]
    return page("EventSourceMappings", mappings, request)


@operation("lambda", "DeleteEventSourceMapping")
def delete_event_source_mapping(aws: Context, request: requests.MappingRequest) -> dict[str, Any]:
    mapping = _find(aws, request["UUID"])
    aws.store.delete(KIND, mapping["UUID"])
    pollers_of(aws).stop(mapping["UUID"])
    return {**mapping, "State": "Deleting"}


def _find(aws: Context, identifier: str) -> dict[str, Any]:
    mapping = aws.store.get(KIND, identifier)
    if mapping is None:
        raise ApiError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return mapping


def _service_of(source: str) -> str:
    parts = source.split(":")
    if len(parts) < 6 or parts[2] not in BATCH_SIZES:
        raise ApiError(
            "InvalidParameterValueException",
            f"Unrecognized event source {source!r}: only SQS and DynamoDB streams here",
        )
    return parts[2]


def _check(aws: Context, mapping: dict[str, Any], function: dict[str, Any]) -> None:
    service = _service_of(mapping["EventSourceArn"])
    filters.check(mapping.get("FilterCriteria"))
    largest = BATCH_SIZES[service][1]
    if not 1 <= mapping["BatchSize"] <= largest:
        raise ApiError("InvalidParameterValueException", f"BatchSize must be between 1 and {largest}")
    if service != "sqs":
        _check_stream_settings(mapping)
        return
    for name in STREAMS_ONLY:
        if mapping.get(name):
            raise ApiError(
                "InvalidParameterValueException",
                f"Unsupported {name} parameter for given event source mapping type.",
            )
    if mapping["BatchSize"] > 10 and mapping["MaximumBatchingWindowInSeconds"] < 1:
        raise ApiError(
            "InvalidParameterValueException",
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        )
    name = mapping["EventSourceArn"].rpartition(":")[2]
    sqs = aws.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist as error:
        raise ApiError(
            "InvalidParameterValueException", f"Error occurred while ReceiveMessage. Queue {name} does not exist."
        ) from error
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    if int(attributes["VisibilityTimeout"]) < function["Timeout"]:
        raise ApiError(
            "InvalidParameterValueException",
            f"Queue visibility timeout: {attributes['VisibilityTimeout']} seconds is less than Function timeout: "
            f"{function['Timeout']} seconds",
        )


def _check_known(request: dict[str, Any]) -> None:
    """What would have no effect here is refused."""
    unknown = sorted(set(request) - KNOWN)
    if unknown:
        raise ApiError("InvalidParameterValueException", f"{', '.join(unknown)} is not provided here: leave it out")


def _check_stream_settings(mapping: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""
    discards.check_destination(mapping.get("DestinationConfig"))
    age, retries = mapping.get("MaximumRecordAgeInSeconds", -1), mapping.get("MaximumRetryAttempts", -1)
    if age != -1 and not 60 <= age <= 604_800:
        raise ApiError("InvalidParameterValueException", "MaximumRecordAgeInSeconds is -1 or from 60 to 604800")
    if not -1 <= retries <= 10_000:
        raise ApiError("InvalidParameterValueException", "MaximumRetryAttempts is -1 or from 0 to 10000")


def _save(aws: Context, mapping: dict[str, Any], *, enabled: bool) -> dict[str, Any]:
    mapping["State"] = "Enabled" if enabled else "Disabled"
    mapping["StateTransitionReason"] = "USER_INITIATED"
    mapping["LastModified"] = datetime.now(UTC)
    mapping.setdefault("LastProcessingResult", "No records processed")
    aws.store.put(KIND, mapping["UUID"], mapping)
    pollers_of(aws).restart(mapping["UUID"])
    return mapping
