"""CreateModel, DescribeModel, ListModels, DeleteModel: the container and artefact that an endpoint will serve.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    ContainerDefinition,
    CreateModelRequest,
    Model,
    ModelNameRequest,
)
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.model_packages import packaged_container
from local_aws.services.sagemaker.named import Named
from local_aws.services.sagemaker.records import MODEL
from local_aws.services.sagemaker.shapes import ListRequest

MODELS = Named(kind=MODEL, member="Model", path="model", words="model", event="SageMaker Model State Change")


class ModelArnResponse(TypedDict):
    ModelArn: str


class ListModelsResponse(TypedDict, total=False):
    Models: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateModel")
def create_model(aws: Context, request: CreateModelRequest) -> ModelArnResponse:
    """A model of a package keeps the package's container: what is approved is what will be served."""
    container = container_of(request)
    resolved = packaged_container(aws, container)
    find_image(aws, resolved["Image"])
    document = request if resolved is container else {**request, "ResolvedContainer": resolved}
    return {"ModelArn": MODELS.create(aws, document)}


@operation("sagemaker", "DescribeModel")
def describe_model(aws: Context, request: ModelNameRequest) -> Model:
    return find_model(aws, request["ModelName"])


@operation("sagemaker", "ListModels")
def list_models(aws: Context, request: ListRequest) -> ListModelsResponse:
    page, more = MODELS.page(aws, request)
    return cast(ListModelsResponse, {"Models": page, **more})


@operation("sagemaker", "DeleteModel")
def delete_model(aws: Context, request: ModelNameRequest) -> None:
    """The artefact stays in S3; an endpoint that serves the model goes on serving it."""
    MODELS.delete(aws, request["ModelName"])


def find_model(context: Context, name: str) -> Model:
    """Raises ``Could not find model "arn:…".``"""
    return cast(Model, MODELS.find(context, name))


def container_of(model: CreateModelRequest) -> ContainerDefinition:
    """The one container of a model. Raises a ValidationException for inference pipelines."""
    containers = model.get("Containers", [])
    container = model.get("PrimaryContainer") or (containers[0] if len(containers) == 1 else None)
    if container is None:
        raise validation_error("local_aws serves one container: give PrimaryContainer, or Containers with one entry.")
    if "Image" not in container and "ModelPackageName" not in container:
        raise validation_error("A container needs an Image, or the ModelPackageName of an approved model package.")
    return container


def deployable_container(model: Model) -> ContainerDefinition:
    """The container with image and artefact: those of its model package, where it named one, as they were then."""
    return model.get("ResolvedContainer") or container_of(model)
