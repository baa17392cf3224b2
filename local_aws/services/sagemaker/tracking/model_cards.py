"""Model cards: content in versions, a status, events. Export jobs are not provided.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html, API_CreateModelCard, API_UpdateModelCard
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker.announcements import announce
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.records import now
from local_aws.services.sagemaker.tracking.catalogue import PAGE, Document, Kind, register, shown

VERSIONS = "sagemaker.model_card_versions"
VERSION_SUMMARY = (
    "ModelCardName",
    "ModelCardArn",
    "ModelCardStatus",
    "ModelCardVersion",
    "CreationTime",
    "LastModifiedTime",
)


def _check_and_keep(context: Context, document: Document) -> None:
    _check_content(document["Content"])
    _keep_version(context, document)


def _forget_versions(context: Context, document: Document) -> None:
    context.store.drop(f"{VERSIONS}/{document['ModelCardName']}")


CARD = Kind(
    name="ModelCard",
    key="ModelCardName",
    path="model-card",
    words="Model card",
    taken="ConflictException",
    complete=lambda document: {**document, "ModelCardVersion": 1, "CreatedBy": {}, "LastModifiedBy": {}},
    check_new=_check_and_keep,
    check_deletion=_forget_versions,
    without=frozenset({"Update", "Describe"}),
)
register(CARD)


@operation("sagemaker", "DescribeModelCard")
def describe_model_card(aws: Context, request: Mapping[str, Any]) -> Document:
    """The latest version, or the one asked for."""
    card = CARD.find(aws, request["ModelCardName"])
    version = request.get("ModelCardVersion", card["ModelCardVersion"])
    for one in _versions(aws, card["ModelCardName"]):
        if one["ModelCardVersion"] == version:
            wanted = shown("DescribeModelCard", one)
            return {**wanted, "Content": "{}"} if request.get("IncludedData") == "MetadataOnly" else wanted
    raise ApiError("ResourceNotFound", f"Model card '{card['ModelCardName']}' has no version {version}.")


@operation("sagemaker", "UpdateModelCard")
def update_model_card(aws: Context, request: Mapping[str, Any]) -> Document:
    """A change of content or status is a new version."""
    if "Content" in request:
        _check_content(request["Content"])
    with aws.store.transaction():
        card = CARD.find(aws, request["ModelCardName"])
        if card["ModelCardStatus"] == "Archived" and "ModelCardStatus" not in request:
            raise ApiError("ConflictException", "An archived model card cannot be changed: change its status first.")
        card |= {member: request[member] for member in ("Content", "ModelCardStatus") if member in request}
        card |= {"ModelCardVersion": card["ModelCardVersion"] + 1, "LastModifiedTime": now()}
        CARD.put(aws, card)
        _keep_version(aws, card)
    return shown("UpdateModelCard", card)


@operation("sagemaker", "ListModelCardVersions")
def list_model_card_versions(aws: Context, request: Mapping[str, Any]) -> Document:
    card = CARD.find(aws, request["ModelCardName"])
    status = request.get("ModelCardStatus")
    found = [one for one in _versions(aws, card["ModelCardName"]) if status in (None, one["ModelCardStatus"])]
    # Each version is made when it is the last modification.
    dated = [{**one, "CreationTime": one["LastModifiedTime"]} for one in found]
    ordered = {"MaxResults": PAGE, **request, "SortBy": "CreationTime"}
    page, more = select(dated, ordered, name="ModelCardName", summary=only(*VERSION_SUMMARY))
    return {"ModelCardVersionSummaryList": page, **more}


def _check_content(content: str) -> None:
    try:
        json.loads(content)
    except ValueError as error:
        raise validation_error(f"Content is not JSON: {error}") from error


def _keep_version(context: Context, card: Document) -> None:
    context.store.append(f"{VERSIONS}/{card['ModelCardName']}", card)
    detail = {
        "ModelCardName": card["ModelCardName"],
        "ModelCardVersion": card["ModelCardVersion"],
        "ModelCardStatus": card["ModelCardStatus"],
        "CreationTime": card["CreationTime"],
        "LastModifiedTime": card["LastModifiedTime"],
        "AccountId": context.account,
    }
    announce(context, "SageMaker Model Card State Change", card["ModelCardArn"], detail)


def _versions(context: Context, name: str) -> list[Document]:
    return [document for _, document in context.store.read(f"{VERSIONS}/{name}")]
