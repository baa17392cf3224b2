"""The requests, answers and records of hyperparameter tuning; see ``shapes`` for the rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Required, TypedDict

from local_aws.services.sagemaker.shapes import Tag


class NumericRange(TypedDict, total=False):
    Name: Required[str]
    MinValue: Required[str]
    MaxValue: Required[str]
    ScalingType: str


class CategoricalRange(TypedDict):
    Name: str
    Values: list[str]


class ParameterRanges(TypedDict, total=False):
    IntegerParameterRanges: list[NumericRange]
    ContinuousParameterRanges: list[NumericRange]
    CategoricalParameterRanges: list[CategoricalRange]
    AutoParameters: list[Any]


class Objective(TypedDict):
    Type: str
    MetricName: str


class ResourceLimits(TypedDict, total=False):
    MaxNumberOfTrainingJobs: int
    MaxParallelTrainingJobs: Required[int]
    MaxRuntimeInSeconds: int


class BestObjectiveNotImproving(TypedDict, total=False):
    MaxNumberOfTrainingJobsNotImproving: int


class CompletionCriteria(TypedDict, total=False):
    TargetObjectiveMetricValue: float
    BestObjectiveNotImproving: BestObjectiveNotImproving
    ConvergenceDetected: dict[str, str]


class TuningConfig(TypedDict, total=False):
    Strategy: Required[str]
    HyperParameterTuningJobObjective: Objective
    ResourceLimits: Required[ResourceLimits]
    ParameterRanges: ParameterRanges
    TrainingJobEarlyStoppingType: str
    TuningJobCompletionCriteria: CompletionCriteria
    RandomSeed: int


class CreateTuningJobRequest(TypedDict, total=False):
    HyperParameterTuningJobName: Required[str]
    HyperParameterTuningJobConfig: Required[TuningConfig]
    TrainingJobDefinition: dict[str, Any]
    TrainingJobDefinitions: list[Any]
    WarmStartConfig: dict[str, Any]
    Autotune: dict[str, str]
    Tags: list[Tag]


class TuningJob(CreateTuningJobRequest, total=False):
    """What is stored for a job, and what DescribeHyperParameterTuningJob answers."""

    HyperParameterTuningJobArn: Required[str]
    HyperParameterTuningJobStatus: Required[str]
    TrainingJobStatusCounters: Required[dict[str, int]]
    ObjectiveStatusCounters: Required[dict[str, int]]
    BestTrainingJob: dict[str, Any]
    FailureReason: str
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]
    HyperParameterTuningEndTime: datetime


class Trial(TypedDict):
    """One training job of a tuning job. ``values`` are its tuned hyperparameters; the rest is known when it has ended.

    ``status`` is its final TrainingJobStatus, ``retryable`` whether an internal error has failed it.
    """

    number: int
    job: str
    values: dict[str, str]
    status: str | None
    retryable: bool
    objective: float | None


class TuningJobNameRequest(TypedDict):
    HyperParameterTuningJobName: str


class TuningJobArnResponse(TypedDict):
    HyperParameterTuningJobArn: str


class ListTrialsRequest(TypedDict, total=False):
    HyperParameterTuningJobName: Required[str]
    NextToken: str
    MaxResults: int
    StatusEquals: str
    SortBy: str
    SortOrder: str
