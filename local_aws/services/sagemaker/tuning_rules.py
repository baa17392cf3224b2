"""When a tuning job ends, and when one of its training jobs is not worth going on.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html (the median rule),
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html (completion criteria)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from local_aws.services.sagemaker import tuning_trials
from local_aws.services.sagemaker.tuning_shapes import Trial, TuningConfig

#: Jobs that must have ended before others are measured by them; AWS does not say how many.
EARLY_STOPPING_JOBS = 3
FAILURES_ALLOWED = 5
NONE_SUCCEEDED = (
    "No training job succeeded after {} attempts. For additional details, please take a look at the training job "
    "failures by listing training jobs for the hyperparameter tuning job."
)


def failure(config: TuningConfig, trials: Sequence[Trial]) -> str | None:
    """The FailureReason once five training jobs, or all of fewer, have failed and none has completed."""
    failed = [trial for trial in trials if trial["status"] == "Failed"]
    allowed = min(FAILURES_ALLOWED, config["ResourceLimits"].get("MaxNumberOfTrainingJobs", FAILURES_ALLOWED))
    if len(failed) < allowed or any(trial["status"] == "Completed" for trial in trials):
        return None
    return NONE_SUCCEEDED.format(len(failed))


def criteria_met(config: TuningConfig, trials: Sequence[Trial], created: datetime, moment: datetime) -> bool:
    """Whether no more training jobs are to be started, and those that run are to be stopped."""
    criteria, objective = config.get("TuningJobCompletionCriteria", {}), config["HyperParameterTuningJobObjective"]
    limit = config["ResourceLimits"].get("MaxRuntimeInSeconds")
    if limit is not None and (moment - created).total_seconds() >= limit:
        return True
    best = tuning_trials.best_of(objective, trials)
    sign = tuning_trials.sign_of(objective)
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None and best is not None and sign * (best["objective"] or 0.0) <= sign * target:
        return True
    patience = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    return patience is not None and tuning_trials.not_improving(objective, trials) >= patience


def falls_behind(current: Sequence[float], completed: Sequence[Sequence[float]], sign: float) -> bool:
    """The median rule: the newest value is worse than the median of the others' running averages at that epoch.

    Values are those of the objective by epoch; ``sign`` makes less better. Jobs that ended before the epoch say
    nothing about it.
    """
    epoch = len(current)
    averages = [sum(values[:epoch]) / epoch for values in completed if epoch and len(values) >= epoch]
    return len(averages) >= EARLY_STOPPING_JOBS and sign * current[-1] > sign * median(averages)
