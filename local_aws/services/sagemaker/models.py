"""CreateModel, DescribeModel, ListModels, DeleteModel: the container and artefact that an endpoint will serve.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.errors import already_exists, not_found, validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    ContainerDefinition,
    CreateModelRequest,
    Model,
    ModelNameRequest,
)
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.listing import select
from local_aws.services.sagemaker.records import MODEL, now
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = ("ModelName", "ModelArn", "CreationTime")


class ModelArnResponse(TypedDict):
    ModelArn: str


class ListModelsResponse(TypedDict, total=False):
    Models: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateModel")
def create_model(aws: Context, request: CreateModelRequest) -> ModelArnResponse:
    name = request["ModelName"]
    arn = model_arn(aws, name)
    find_image(aws, container_of(request).get("Image", ""))
    with aws.store.transaction():
        if aws.store.get(MODEL, name) is not None:
            raise already_exists("model", arn)
        stored = {key: value for key, value in request.items() if key != "Tags"}
        aws.store.put(MODEL, name, {**stored, "ModelArn": arn, "CreationTime": now()})
    tags.keep(aws, arn, request.get("Tags"))
    return {"ModelArn": arn}


@operation("sagemaker", "DescribeModel")
def describe_model(aws: Context, request: ModelNameRequest) -> Model:
    return find_model(aws, request["ModelName"])


@operation("sagemaker", "ListModels")
def list_models(aws: Context, request: ListRequest) -> ListModelsResponse:
    models = [document for _, document in aws.store.list(MODEL)]
    page, more = select(models, request, name="ModelName", summary=_summary)
    return cast(ListModelsResponse, {"Models": page, **more})


@operation("sagemaker", "DeleteModel")
def delete_model(aws: Context, request: ModelNameRequest) -> None:
    """The artefact stays in S3; an endpoint that serves the model goes on serving it."""
    model = find_model(aws, request["ModelName"])
    aws.store.delete(MODEL, request["ModelName"])
    tags.forget(aws, model["ModelArn"])


def model_arn(context: Context, name: str) -> str:
    return context.arn("sagemaker", f"model/{name}")


def find_model(context: Context, name: str) -> Model:
    """Raises ``Could not find model "arn:…".``"""
    model = context.store.get(MODEL, name)
    if model is None:
        raise not_found("model", model_arn(context, name))
    return cast(Model, model)


def container_of(model: CreateModelRequest) -> ContainerDefinition:
    """The one container of a model. Raises a ValidationException for inference pipelines and package references."""
    containers = model.get("Containers", [])
    container = model.get("PrimaryContainer") or (containers[0] if len(containers) == 1 else None)
    if container is None:
        raise validation_error("local_aws serves one container: give PrimaryContainer, or Containers with one entry.")
    if "ModelPackageName" in container or "Image" not in container:
        raise validation_error("local_aws serves a container by its Image and ModelDataUrl, not by ModelPackageName.")
    return container


def _summary(model: Mapping[str, Any]) -> dict[str, Any]:
    return {member: model[member] for member in SUMMARY}
