"""The requests and answers of SageMaker's API as types: only the members that this package reads or writes.

The names are those of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Types.html. Members that are
stored and given back unread (``VpcConfig``, ``Tags``) are not listed; the gateway has checked them already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, Required, TypedDict


class Tag(TypedDict):
    Key: str
    Value: str


class MetricDefinition(TypedDict):
    Name: str
    Regex: str


class AlgorithmSpecification(TypedDict, total=False):
    TrainingImage: str
    MetricDefinitions: list[MetricDefinition]
    TrainingInputMode: Required[str]
    ContainerEntrypoint: list[str]
    ContainerArguments: list[str]


class S3DataSource(TypedDict, total=False):
    S3Uri: Required[str]
    S3DataType: Required[str]
    S3DataDistributionType: str


class DataSource(TypedDict, total=False):
    S3DataSource: S3DataSource


class Channel(TypedDict, total=False):
    ChannelName: Required[str]
    DataSource: DataSource
    ContentType: str
    CompressionType: str
    RecordWrapperType: str
    InputMode: str


class OutputDataConfig(TypedDict, total=False):
    S3OutputPath: Required[str]
    KmsKeyId: str
    CompressionType: str


class ResourceConfig(TypedDict, total=False):
    InstanceType: str
    InstanceCount: int
    KeepAlivePeriodInSeconds: int
    InstanceGroups: list[Any]
    TrainingPlanArn: str
    InstancePreferences: list[Any]


class StoppingCondition(TypedDict, total=False):
    MaxRuntimeInSeconds: int
    MaxWaitTimeInSeconds: int
    MaxPendingTimeInSeconds: int


class CheckpointConfig(TypedDict, total=False):
    S3Uri: Required[str]
    LocalPath: str


class RetryStrategy(TypedDict):
    MaximumRetryAttempts: int


class CreateTrainingJobRequest(TypedDict, total=False):
    TrainingJobName: Required[str]
    AlgorithmSpecification: Required[AlgorithmSpecification]
    HyperParameters: dict[str, str]
    InputDataConfig: list[Channel]
    OutputDataConfig: Required[OutputDataConfig]
    ResourceConfig: Required[ResourceConfig]
    StoppingCondition: StoppingCondition
    Environment: dict[str, str]
    EnableNetworkIsolation: bool
    EnableManagedSpotTraining: bool
    CheckpointConfig: CheckpointConfig
    RetryStrategy: RetryStrategy
    RoleArn: Required[str]
    Tags: list[Tag]


class SecondaryStatusTransition(TypedDict):
    Status: str
    StartTime: datetime
    EndTime: NotRequired[datetime]
    StatusMessage: str


class ModelArtifacts(TypedDict):
    S3ModelArtifacts: str


class TrainingJob(CreateTrainingJobRequest, total=False):
    """What is stored for a job, and what DescribeTrainingJob answers."""

    TrainingJobArn: Required[str]
    TrainingJobStatus: Required[str]
    SecondaryStatus: Required[str]
    SecondaryStatusTransitions: Required[list[SecondaryStatusTransition]]
    ModelArtifacts: Required[ModelArtifacts]
    FailureReason: str
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]
    TrainingStartTime: datetime
    TrainingEndTime: datetime
    TrainingTimeInSeconds: int
    BillableTimeInSeconds: int
    TuningJobArn: str
    FinalMetricDataList: list[dict[str, Any]]


class UpdateTrainingJobRequest(TypedDict, total=False):
    TrainingJobName: Required[str]
    ProfilerConfig: dict[str, Any]
    ProfilerRuleConfigurations: list[Any]
    ResourceConfig: dict[str, Any]
    RemoteDebugConfig: dict[str, Any]


class TrainingJobNameRequest(TypedDict):
    TrainingJobName: str


class TrainingJobArnResponse(TypedDict):
    TrainingJobArn: str


class AppSpecification(TypedDict, total=False):
    ImageUri: Required[str]
    ContainerEntrypoint: list[str]
    ContainerArguments: list[str]


class ProcessingS3Input(TypedDict, total=False):
    S3Uri: Required[str]
    LocalPath: str
    S3DataType: Required[str]
    S3InputMode: str
    S3CompressionType: str


class ProcessingInput(TypedDict, total=False):
    InputName: Required[str]
    AppManaged: bool
    S3Input: ProcessingS3Input


class ProcessingS3Output(TypedDict, total=False):
    S3Uri: Required[str]
    LocalPath: str
    S3UploadMode: Required[str]


class ProcessingOutput(TypedDict, total=False):
    OutputName: Required[str]
    AppManaged: bool
    S3Output: ProcessingS3Output


class ProcessingOutputConfig(TypedDict, total=False):
    Outputs: Required[list[ProcessingOutput]]
    KmsKeyId: str


class ProcessingResources(TypedDict):
    ClusterConfig: dict[str, Any]


class NetworkConfig(TypedDict, total=False):
    EnableNetworkIsolation: bool


class CreateProcessingJobRequest(TypedDict, total=False):
    ProcessingJobName: Required[str]
    ProcessingResources: Required[ProcessingResources]
    AppSpecification: Required[AppSpecification]
    ProcessingInputs: list[ProcessingInput]
    ProcessingOutputConfig: ProcessingOutputConfig
    StoppingCondition: StoppingCondition
    Environment: dict[str, str]
    NetworkConfig: NetworkConfig
    RoleArn: Required[str]
    Tags: list[Tag]


class ProcessingJob(CreateProcessingJobRequest, total=False):
    """What is stored for a job, and what DescribeProcessingJob answers."""

    ProcessingJobArn: Required[str]
    ProcessingJobStatus: Required[str]
    ExitMessage: str
    FailureReason: str
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]
    ProcessingStartTime: datetime
    ProcessingEndTime: datetime


class ProcessingJobNameRequest(TypedDict):
    ProcessingJobName: str


class ProcessingJobArnResponse(TypedDict):
    ProcessingJobArn: str


class ListRequest(TypedDict, total=False):
    """The members that the List operations share."""

    MaxResults: int
    NextToken: str
    NameContains: str
    StatusEquals: str
    SortBy: str
    SortOrder: str
    CreationTimeAfter: datetime
    CreationTimeBefore: datetime
    LastModifiedTimeAfter: datetime
    LastModifiedTimeBefore: datetime
