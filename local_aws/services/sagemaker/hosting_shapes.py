"""The types of models, endpoint configurations, endpoints and model packages; see ``shapes`` for the rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Required, TypedDict

from local_aws.services.sagemaker.shapes import Tag


class ContainerDefinition(TypedDict, total=False):
    Image: str
    ModelDataUrl: str
    ModelDataSource: dict[str, Any]
    ModelPackageName: str
    Environment: dict[str, str]


class CreateModelRequest(TypedDict, total=False):
    ModelName: Required[str]
    PrimaryContainer: ContainerDefinition
    Containers: list[ContainerDefinition]
    EnableNetworkIsolation: bool
    ExecutionRoleArn: str
    Tags: list[Tag]


class Model(CreateModelRequest, total=False):
    ModelArn: Required[str]
    ResolvedContainer: ContainerDefinition
    CreationTime: Required[datetime]


class ModelNameRequest(TypedDict):
    ModelName: str


class ProductionVariant(TypedDict, total=False):
    VariantName: Required[str]
    ModelName: Required[str]
    InitialInstanceCount: int
    InstanceType: str
    InitialVariantWeight: float
    ContainerStartupHealthCheckTimeoutInSeconds: int


class CaptureContentTypeHeader(TypedDict, total=False):
    CsvContentTypes: list[str]
    JsonContentTypes: list[str]


class CaptureOption(TypedDict):
    CaptureMode: str


class DataCaptureConfig(TypedDict, total=False):
    EnableCapture: bool
    InitialSamplingPercentage: Required[int]
    DestinationS3Uri: Required[str]
    KmsKeyId: str
    CaptureOptions: Required[list[CaptureOption]]
    CaptureContentTypeHeader: CaptureContentTypeHeader


class CreateEndpointConfigRequest(TypedDict, total=False):
    EndpointConfigName: Required[str]
    ProductionVariants: Required[list[ProductionVariant]]
    ShadowProductionVariants: list[ProductionVariant]
    DataCaptureConfig: DataCaptureConfig
    KmsKeyId: str
    Tags: list[Tag]


class EndpointConfig(CreateEndpointConfigRequest, total=False):
    EndpointConfigArn: Required[str]
    CreationTime: Required[datetime]


class EndpointConfigNameRequest(TypedDict):
    EndpointConfigName: str


class CreateEndpointRequest(TypedDict, total=False):
    EndpointName: Required[str]
    EndpointConfigName: Required[str]
    DeploymentConfig: dict[str, Any]
    Tags: list[Tag]


class EndpointNameRequest(TypedDict):
    EndpointName: str


class EndpointArnResponse(TypedDict):
    EndpointArn: str


class Endpoint(TypedDict, total=False):
    """What is stored for an endpoint, and what DescribeEndpoint answers."""

    EndpointName: Required[str]
    EndpointArn: Required[str]
    EndpointConfigName: Required[str]
    EndpointStatus: Required[str]
    FailureReason: str
    ProductionVariants: list[dict[str, Any]]
    ShadowProductionVariants: list[dict[str, Any]]
    DataCaptureConfig: dict[str, Any]
    LastDeploymentConfig: dict[str, Any]
    PendingDeploymentSummary: dict[str, Any]
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]


class ModelPackageGroupRequest(TypedDict, total=False):
    ModelPackageGroupName: Required[str]
    ModelPackageGroupDescription: str
    Tags: list[Tag]


class ModelPackageGroup(ModelPackageGroupRequest, total=False):
    ModelPackageGroupArn: Required[str]
    ModelPackageGroupStatus: Required[str]
    CreationTime: Required[datetime]
    LastVersion: int


class CreateModelPackageRequest(TypedDict, total=False):
    ModelPackageName: str
    ModelPackageGroupName: str
    ModelPackageDescription: str
    InferenceSpecification: dict[str, Any]
    ModelApprovalStatus: str
    ModelLifeCycle: dict[str, str]
    ModelMetrics: dict[str, Any]
    CustomerMetadataProperties: dict[str, str]
    ClientToken: str
    Tags: list[Tag]


class ModelPackage(CreateModelPackageRequest, total=False):
    ModelPackageArn: Required[str]
    ModelPackageVersion: int
    ModelPackageStatus: Required[str]
    ModelPackageStatusDetails: Required[dict[str, list[Any]]]
    ApprovalDescription: str
    CreationTime: Required[datetime]
    LastModifiedTime: datetime


class UpdateModelPackageRequest(TypedDict, total=False):
    ModelPackageArn: Required[str]
    ModelApprovalStatus: str
    ApprovalDescription: str
    CustomerMetadataProperties: dict[str, str]
    CustomerMetadataPropertiesToRemove: list[str]
    AdditionalInferenceSpecificationsToAdd: list[dict[str, Any]]
    ModelLifeCycle: dict[str, str]
    InferenceSpecification: dict[str, Any]
    SourceUri: str


class ModelPackageNameRequest(TypedDict):
    ModelPackageName: str


class ModelPackageArnResponse(TypedDict):
    ModelPackageArn: str
