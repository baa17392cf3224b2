"""What CreateHyperParameterTuningJob refuses beyond the API's model: AWS's rules, and what is not provided here."""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.sagemaker import training_checks
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.tuning_run import training_request
from local_aws.services.sagemaker.tuning_search import SearchUnavailableError, check_available
from local_aws.services.sagemaker.tuning_shapes import CreateTuningJobRequest, TuningConfig, TuningJob
from local_aws.services.sagemaker.tuning_space import Space, space_of


def check(context: Context, request: CreateTuningJobRequest) -> None:
    """Raises ValidationExceptions; the training jobs are checked as one made by CreateTrainingJob."""
    config = request["HyperParameterTuningJobConfig"]
    _refuse_unsupported(request)
    space = space_of(config["ParameterRanges"])
    _check_limits(config, space)
    _check_definition(request, space)
    job: TuningJob = {**request}  # type: ignore[typeddict-item]
    name = f"{request['HyperParameterTuningJobName']}-001-00000000"
    training_checks.check(context, training_request(job, name, {}))


def _refuse_unsupported(request: CreateTuningJobRequest) -> None:
    config = request["HyperParameterTuningJobConfig"]
    if "WarmStartConfig" in request:
        raise validation_error("local_aws starts every tuning job anew: leave WarmStartConfig out.")
    if "Autotune" in request or config.get("ParameterRanges", {}).get("AutoParameters"):
        raise validation_error("local_aws chooses no ranges by itself: leave Autotune and AutoParameters out.")
    if "TrainingJobDefinition" not in request or request.get("TrainingJobDefinitions"):
        raise validation_error("local_aws tunes one algorithm: give TrainingJobDefinition, not TrainingJobDefinitions.")
    definition = request["TrainingJobDefinition"]
    if "HyperParameterTuningResourceConfig" in definition or "ResourceConfig" not in definition:
        raise validation_error("local_aws takes the resources of training jobs from ResourceConfig only.")
    if {"TuningObjective", "HyperParameterRanges"} & set(definition):
        raise validation_error("Objective and ranges belong into HyperParameterTuningJobConfig for one algorithm.")
    if config["Strategy"] == "Hyperband" or "StrategyConfig" in config:
        raise validation_error("local_aws tunes by the strategies Bayesian, Random and Grid, not by Hyperband.")
    convergence = config.get("TuningJobCompletionCriteria", {}).get("ConvergenceDetected", {})
    if convergence.get("CompleteOnConvergence") == "Enabled":
        raise validation_error("local_aws does not detect convergence: set another completion criterion.")
    if "HyperParameterTuningJobObjective" not in config or "ParameterRanges" not in config:
        raise validation_error("HyperParameterTuningJobObjective and ParameterRanges must be given.")
    try:
        check_available(config["Strategy"])
    except SearchUnavailableError as error:
        raise validation_error(f"{error}.") from error


def _check_limits(config: TuningConfig, space: Space) -> None:
    """Grid: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html"""
    limits = config["ResourceLimits"]
    total = limits.get("MaxNumberOfTrainingJobs")
    if config["Strategy"] == "Grid":
        if space.grid_size is None:
            raise validation_error("Strategy Grid searches categorical hyperparameters only.")
        if total is not None and total != space.grid_size:
            raise validation_error(
                f"MaxNumberOfTrainingJobs must be left out or be {space.grid_size}, the size of the grid."
            )
        total = space.grid_size
    if total is None:
        raise validation_error("ResourceLimits.MaxNumberOfTrainingJobs must be given for this strategy.")
    if limits["MaxParallelTrainingJobs"] > total:
        raise validation_error("MaxParallelTrainingJobs must not be greater than MaxNumberOfTrainingJobs.")


def _check_definition(request: CreateTuningJobRequest, space: Space) -> None:
    definition = request["TrainingJobDefinition"]
    metric = request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
    defined = [one["Name"] for one in definition["AlgorithmSpecification"].get("MetricDefinitions", [])]
    if metric not in defined:
        raise validation_error(f"The objective metric {metric} is not one of the MetricDefinitions.")
    static = definition.get("StaticHyperParameters", {})
    both = [one.name for one in space.parameters if one.name in static]
    if both:
        raise validation_error(f"Hyperparameter {both[0]} cannot be both static and tuned.")
