"""The requests and answers of batch transform; see ``shapes`` for the rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Required, TypedDict

from local_aws.services.sagemaker.shapes import Tag


class TransformS3DataSource(TypedDict):
    S3DataType: str
    S3Uri: str


class TransformDataSource(TypedDict):
    S3DataSource: TransformS3DataSource


class TransformInput(TypedDict, total=False):
    DataSource: Required[TransformDataSource]
    ContentType: str
    CompressionType: str
    SplitType: str


class TransformOutput(TypedDict, total=False):
    S3OutputPath: Required[str]
    Accept: str
    AssembleWith: str
    KmsKeyId: str


class ModelClientConfig(TypedDict, total=False):
    InvocationsTimeoutInSeconds: int
    InvocationsMaxRetries: int


class DataProcessing(TypedDict, total=False):
    InputFilter: str
    OutputFilter: str
    JoinSource: str


class CreateTransformJobRequest(TypedDict, total=False):
    TransformJobName: Required[str]
    ModelName: Required[str]
    MaxConcurrentTransforms: int
    ModelClientConfig: ModelClientConfig
    MaxPayloadInMB: int
    BatchStrategy: str
    Environment: dict[str, str]
    TransformInput: Required[TransformInput]
    TransformOutput: Required[TransformOutput]
    TransformResources: Required[dict[str, Any]]
    DataCaptureConfig: dict[str, Any]
    DataProcessing: DataProcessing
    Tags: list[Tag]


class TransformJob(CreateTransformJobRequest, total=False):
    """What is stored for a job, and what DescribeTransformJob answers."""

    TransformJobArn: Required[str]
    TransformJobStatus: Required[str]
    FailureReason: str
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]
    TransformStartTime: datetime
    TransformEndTime: datetime


class TransformJobNameRequest(TypedDict):
    TransformJobName: str


class TransformJobArnResponse(TypedDict):
    TransformJobArn: str
