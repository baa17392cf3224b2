"""What CreateTrainingJob refuses beyond the API's model: what AWS refuses, and what is not provided here.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from pathlib import Path

from local_aws.api import Context
from local_aws.services.s3_transfer import has_objects
from local_aws.services.sagemaker import checkpoints, training_metrics
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.shapes import Channel, CreateTrainingJobRequest, ResourceConfig

LONGEST_RUN_SECONDS = 28 * 86_400


def check(context: Context, request: CreateTrainingJobRequest) -> None:
    """Raises ValidationExceptions."""
    algorithm = request["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        raise validation_error("local_aws trains with AlgorithmSpecification.TrainingImage only, not AlgorithmName.")
    find_image(context, algorithm["TrainingImage"])
    training_metrics.check(algorithm.get("MetricDefinitions", []))
    _check_resources(request["ResourceConfig"])
    _check_times(request)
    if request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise validation_error("local_aws writes model.tar.gz only: leave OutputDataConfig.CompressionType out.")
    if "CheckpointConfig" in request:
        checkpoints.local_folder(request["CheckpointConfig"], Path())
    _check_channels(context, request)


def _check_resources(resources: ResourceConfig) -> None:
    if resources.get("InstanceCount", 1) != 1:
        raise validation_error("local_aws trains on one instance: set ResourceConfig.InstanceCount to 1.")
    if resources.get("KeepAlivePeriodInSeconds", 0) > 0:
        raise validation_error("local_aws keeps no warm pools: leave ResourceConfig.KeepAlivePeriodInSeconds out.")
    for member in ("InstanceGroups", "TrainingPlanArn", "InstancePreferences"):
        if resources.get(member):
            raise validation_error(f"local_aws trains on one instance of one type: leave ResourceConfig.{member} out.")


def _check_times(request: CreateTrainingJobRequest) -> None:
    """API_StoppingCondition; the message about the waiting time is a recorded one."""
    condition = request.get("StoppingCondition", {})
    limit, wait = condition.get("MaxRuntimeInSeconds"), condition.get("MaxWaitTimeInSeconds")
    if limit is not None and limit > LONGEST_RUN_SECONDS:
        raise validation_error(f"MaxRuntimeInSeconds must not be more than {LONGEST_RUN_SECONDS} (28 days).")
    if request.get("EnableManagedSpotTraining", False):
        if wait is None or wait < (limit or 86_400):
            raise validation_error(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
            )
    elif wait is not None:
        raise validation_error("MaxWaitTimeInSeconds is only valid when EnableManagedSpotTraining is true.")


def _check_channels(context: Context, request: CreateTrainingJobRequest) -> None:
    channels = request.get("InputDataConfig", [])
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise validation_error(f"Channel names must be unique, not {', '.join(names)}.")
    for channel in channels:
        _check_channel(context, channel, request["AlgorithmSpecification"]["TrainingInputMode"], request["RoleArn"])
    mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    if mode != "File" and not channels:
        raise validation_error(f"local_aws trains in input mode File only, not {mode}.")


def _check_channel(context: Context, channel: Channel, input_mode: str, role: str) -> None:
    source = channel["DataSource"].get("S3DataSource")
    name = channel["ChannelName"]
    if source is None or source["S3DataType"] != "S3Prefix":
        raise validation_error(f"local_aws reads channel {name} from an S3DataSource of type S3Prefix only.")
    mode = channel.get("InputMode", input_mode)
    if mode != "File" or channel.get("CompressionType", "None") != "None":
        raise validation_error(f"local_aws reads channel {name} in input mode File, not {mode}, and not compressed.")
    if not has_objects(context, source["S3Uri"]):
        raise validation_error(no_objects(context, source["S3Uri"], role))


def no_objects(context: Context, uri: str, role: str) -> str:
    """In SageMaker's words, which callers match on."""
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists '
        f"in the selected region ({context.region}), that objects exist under that S3 prefix, and that the role "
        f'"{role}" has "s3:ListBucket" permissions on the bucket.'
    )
