"""The training jobs of a tuning job: their records, what they have yielded, and how they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from local_aws.api import Context
from local_aws.services.sagemaker.records import TRAINING_JOB, TRIAL
from local_aws.services.sagemaker.tuning_shapes import Objective, Trial, TuningJob

ENDED = ("Completed", "Failed", "Stopped")
#: A smaller gain is no improvement (API_BestObjectiveNotImproving).
IMPROVEMENT = 0.01


def trials_of(context: Context, tuning: str) -> list[Trial]:
    """In the order of their numbers."""
    return [cast(Trial, trial) for _, trial in context.store.list(TRIAL, f"{tuning}/")]


def keep(context: Context, tuning: str, trial: Trial) -> None:
    context.store.put(TRIAL, f"{tuning}/{trial['number']:05d}", trial)


def forget(context: Context, tuning: str) -> None:
    with context.store.transaction():
        for key, _ in context.store.list(TRIAL, f"{tuning}/"):
            context.store.delete(TRIAL, key)


def take_results(context: Context, tuning: str, objective: Objective, trials: Sequence[Trial]) -> None:
    """Note what has become of the training jobs that have ended since."""
    for trial in trials:
        job = context.store.get(TRAINING_JOB, trial["job"])
        if trial["status"] is not None or (job is not None and job["TrainingJobStatus"] not in ENDED):
            continue
        found = {} if job is None else job
        trial["status"] = found.get("TrainingJobStatus", "Failed")
        trial["retryable"] = str(found.get("FailureReason", "")).startswith("InternalServerError")
        if trial["status"] != "Failed":
            final = {one["MetricName"]: one["Value"] for one in found.get("FinalMetricDataList", [])}
            trial["objective"] = final.get(objective["MetricName"])
        keep(context, tuning, trial)


def sign_of(objective: Objective) -> float:
    """By which an objective is multiplied so that less is better."""
    return -1.0 if objective["Type"] == "Maximize" else 1.0


def best_of(objective: Objective, trials: Sequence[Trial]) -> Trial | None:
    sign = sign_of(objective)
    rated = [trial for trial in trials if trial["objective"] is not None]
    return min(rated, key=lambda trial: sign * cast(float, trial["objective"]), default=None)


def not_improving(objective: Objective, trials: Sequence[Trial]) -> int:
    """How many of the last rated trials have not bettered the best before them by 1 % or more."""
    sign, best, count = sign_of(objective), None, 0
    for trial in trials:
        if trial["objective"] is None:
            continue
        result = sign * trial["objective"]
        if best is None or (result < best and best - result >= IMPROVEMENT * abs(best)):
            best, count = result, 0
        else:
            count += 1
    return count


def counters(trials: Sequence[Trial]) -> dict[str, dict[str, int]]:
    """TrainingJobStatusCounters and ObjectiveStatusCounters."""
    jobs = Counter(_status_counter(trial) for trial in trials)
    objectives = Counter(objective_status(trial) for trial in trials)
    names = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
    return {
        "TrainingJobStatusCounters": {name: jobs[name] for name in names},
        "ObjectiveStatusCounters": {name: objectives[name] for name in ("Succeeded", "Pending", "Failed")},
    }


def objective_status(trial: Trial) -> str:
    if trial["status"] is None:
        return "Pending"
    return "Failed" if trial["objective"] is None else "Succeeded"


def summary(context: Context, tuning: TuningJob, trial: Trial) -> dict[str, Any] | None:
    """HyperParameterTrainingJobSummary; None for a training job that was deleted."""
    job = context.store.get(TRAINING_JOB, trial["job"])
    if job is None:
        return None
    members = (
        "TrainingJobName",
        "TrainingJobArn",
        "CreationTime",
        "TrainingStartTime",
        "TrainingEndTime",
        "TrainingJobStatus",
        "FailureReason",
    )
    shown = {member: job[member] for member in members if member in job}
    shown |= {"TunedHyperParameters": trial["values"], "ObjectiveStatus": objective_status(trial)}
    name = (tuning.get("TrainingJobDefinition") or {}).get("DefinitionName")
    if name is not None:
        shown["TrainingJobDefinitionName"] = name
    if trial["objective"] is not None:
        metric = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
        shown["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": metric, "Value": trial["objective"]}
    return shown


def _status_counter(trial: Trial) -> str:
    if trial["status"] == "Failed":
        return "RetryableError" if trial["retryable"] else "NonRetryableError"
    return trial["status"] or "InProgress"
