"""What SageMaker's hosting and registry put on the event bus: state changes of endpoints, models and model packages.

Forms and fields: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local_aws.api import Context
from local_aws.services import event_bus
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.records import ENDPOINT, change
from local_aws.times import epoch_milliseconds, iso_seconds

SOURCE = "aws.sagemaker"
ENDPOINT_MEMBERS = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "ShadowProductionVariants",
    "CreationTime",
    "LastModifiedTime",
    "FailureReason",
    "PendingDeploymentSummary",
)


def change_endpoint(context: Context, endpoint: str, **members: Any) -> dict[str, Any] | None:
    """``records.change`` for an endpoint, with the events that the change asks for, in one step.

    A new status is an endpoint's state change; a new stage of a deployment is a deployment's.
    """
    with context.store.transaction():
        document = change(context, ENDPOINT, endpoint, **members)
        if document is None:
            return None
        if "EndpointStatus" in members:
            _announce_endpoint(context, "SageMaker Endpoint State Change", document)
        if members.get("PendingDeploymentSummary") is not None:
            _announce_endpoint(context, "SageMaker Endpoint Deployment State Change", document)
        return document


def announce_endpoint(context: Context, document: Mapping[str, Any]) -> None:
    """The state of a new endpoint; inside the transaction that creates it."""
    _announce_endpoint(context, "SageMaker Endpoint State Change", document)


def announce(context: Context, detail_type: str, arn: str, detail: Mapping[str, Any]) -> None:
    """``detail_type`` as in "SageMaker Model State Change"; times are sent as ISO texts in UTC."""
    event_bus.emit(context, SOURCE, detail_type, [arn], {key: _text_times(value) for key, value in detail.items()})


def _announce_endpoint(context: Context, detail_type: str, document: Mapping[str, Any]) -> None:
    arn = document["EndpointArn"]
    detail = {member: with_millisecond_times(document[member]) for member in ENDPOINT_MEMBERS if member in document}
    detail["EndpointStatus"] = re.sub(r"(?<!^)(?=[A-Z])", "_", document["EndpointStatus"]).upper()
    detail["Tags"] = tags.read(context, arn)
    event_bus.emit(context, SOURCE, detail_type, [arn], detail)


def with_millisecond_times(value: Any) -> Any:
    """JSON values only: each time in it is milliseconds since 1970."""
    if isinstance(value, datetime):
        return epoch_milliseconds(value)
    return _inside(value, with_millisecond_times)


def _text_times(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_seconds(value)
    return _inside(value, _text_times)


def _inside(value: Any, convert: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: convert(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [convert(inner) for inner in value]
    return value
