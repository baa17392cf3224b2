"""Tuning jobs on their way: one thread looks after all of them, and the training jobs do the work.

A tuning job takes no slot of the queue, so its training jobs can have it. All that it knows is in the store: the
record of a trial is written with its training job, and a restarted server goes on from there.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from local_aws.api import ApiError, Context
from local_aws.services.s3_transfer import join_uri
from local_aws.services.sagemaker import job_kinds, training, training_metrics, tuning_rules, tuning_trials
from local_aws.services.sagemaker.job_kinds import TUNING
from local_aws.services.sagemaker.records import TUNING_STATE, now
from local_aws.services.sagemaker.shapes import CreateTrainingJobRequest
from local_aws.services.sagemaker.tuning_search import Known, suggest
from local_aws.services.sagemaker.tuning_shapes import Trial, TuningConfig, TuningJob
from local_aws.services.sagemaker.tuning_space import space_of

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
Histories = dict[str, list[float]]
CLOSE_LIMIT_SECONDS = 10.0
#: What a definition has in common with the request for a training job.
SHARED = (
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "RetryStrategy",
    "Environment",
)


def training_request(tuning: TuningJob, name: str, values: dict[str, str]) -> CreateTrainingJobRequest:
    """Checkpoints of each job go to a folder of its own, so that jobs do not take them from each other."""
    definition = tuning["TrainingJobDefinition"]
    config = tuning["HyperParameterTuningJobConfig"]
    request: dict[str, Any] = {member: definition[member] for member in SHARED if member in definition}
    if "CheckpointConfig" in definition:
        checkpoints = definition["CheckpointConfig"]
        request["CheckpointConfig"] = {**checkpoints, "S3Uri": join_uri(checkpoints["S3Uri"], name)}
    request |= {
        "TrainingJobName": name,
        "AlgorithmSpecification": definition["AlgorithmSpecification"],
        "HyperParameters": {
            **definition.get("StaticHyperParameters", {}),
            **values,
            "_tuning_objective_metric": config["HyperParameterTuningJobObjective"]["MetricName"],
        },
    }
    if "Tags" in tuning:
        request["Tags"] = tuning["Tags"]
    return cast(CreateTrainingJobRequest, request)


class Coordinator:
    """Looks after the tuning jobs of one server from its first one until ``close``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._histories: Histories = {}
        self._thread = threading.Thread(target=self._look_after, name="sagemaker-tuning", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._changed.set()

    def close(self) -> None:
        self._closing.set()
        self._changed.set()
        self._thread.join(CLOSE_LIMIT_SECONDS)

    def _look_after(self) -> None:
        busy = True
        while not self._closing.is_set():
            self._changed.wait(LOOK_SECONDS if busy else None)
            self._changed.clear()
            try:
                busy = self._look()
            except Exception:
                busy = True
                if not self._closing.is_set():
                    logger.exception("tuning jobs could not be looked at; trying again")

    def _look(self) -> bool:
        """Whether a tuning job is under way."""
        active = [
            name
            for name, job in self._context.store.list(TUNING.kind)
            if job["HyperParameterTuningJobStatus"] in ("InProgress", "Stopping")
        ]
        if not active:
            self._histories.clear()
        for name in active:
            if not self._closing.is_set():
                _step_safely(self._context, name, self._histories)
        return bool(active)


def _step_safely(context: Context, name: str, histories: Histories) -> None:
    try:
        _step(context, name, histories)
    except Exception:
        logger.exception("tuning job %s ended in an error of local_aws itself", name)
        _finish(context, name, "Failed", "InternalServerError: We encountered an internal error. Please try again.")


def _step(context: Context, name: str, histories: Histories) -> None:
    """Take in results, then go on, stop or end."""
    tuning = cast(TuningJob, context.store.get(TUNING.kind, name))
    config = tuning["HyperParameterTuningJobConfig"]
    trials = tuning_trials.trials_of(context, name)
    with context.store.transaction():
        tuning_trials.take_results(context, name, config["HyperParameterTuningJobObjective"], trials)
        _show(context, tuning, trials)
    running = [trial for trial in trials if trial["status"] is None]
    stopping = tuning["HyperParameterTuningJobStatus"] == "Stopping"
    reason = tuning_rules.failure(config, trials)
    over = reason is not None or tuning_rules.criteria_met(config, trials, tuning["CreationTime"], now())
    if stopping or over:
        for trial in running:
            _stop(context, trial)
    else:
        if config.get("TrainingJobEarlyStoppingType", "Off") == "Auto":
            _stop_hopeless(context, config, trials, histories)
        running += _launch(context, tuning, trials, len(running))
    if not running:
        status = "Stopped" if stopping else "Failed" if reason else "Completed"
        _finish(context, name, status, reason)


def _launch(context: Context, tuning: TuningJob, trials: list[Trial], running: int) -> list[Trial]:
    """Start as many training jobs as the limits allow; returns them."""
    config, name = tuning["HyperParameterTuningJobConfig"], tuning["HyperParameterTuningJobName"]
    limits = config["ResourceLimits"]
    space = space_of(config["ParameterRanges"])
    total = limits.get("MaxNumberOfTrainingJobs", space.grid_size or 0)
    seed = (context.store.get(TUNING_STATE, name) or {"seed": 0})["seed"]
    started: list[Trial] = []
    while running + len(started) < limits["MaxParallelTrainingJobs"] and len(trials) < total:
        number = len(trials)
        values = suggest(config["Strategy"], space, seed, number, _known(config, trials))
        if values is None:
            break
        job = f"{name}-{number + 1:03d}-{uuid.uuid4().hex[:8]}"
        trial = Trial(number=number, job=job, values=values, status=None, retryable=False, objective=None)
        with context.store.transaction():
            tuning_trials.keep(context, name, trial)
            training.begin(
                context, training_request(tuning, job, values), TuningJobArn=tuning["HyperParameterTuningJobArn"]
            )
            trials.append(trial)
            _show(context, tuning, trials)
        started.append(trial)
    return started


def _known(config: TuningConfig, trials: Sequence[Trial]) -> Known:
    sign = tuning_trials.sign_of(config["HyperParameterTuningJobObjective"])
    observed = [(one["values"], sign * one["objective"]) for one in trials if one["objective"] is not None]
    return Known(observed, [one["values"] for one in trials])


def _stop_hopeless(context: Context, config: TuningConfig, trials: Sequence[Trial], histories: Histories) -> None:
    """The median rule, for each job that runs; what completed jobs have printed is read once."""
    objective = config["HyperParameterTuningJobObjective"]
    metric, sign = objective["MetricName"], tuning_trials.sign_of(objective)
    ended = [trial["job"] for trial in trials if trial["status"] == "Completed"]
    for job in ended:
        if job not in histories:
            histories[job] = training_metrics.history(context, job, metric)
    completed = [histories[job] for job in ended]
    for trial in trials:
        if trial["status"] is None:
            current = training_metrics.history(context, trial["job"], metric)
            if current and tuning_rules.falls_behind(current, completed, sign):
                _stop(context, trial)


def _stop(context: Context, trial: Trial) -> None:
    try:
        training.stop_training_job(context, {"TrainingJobName": trial["job"]})
    except ApiError:
        return  # it has ended or was deleted in the meantime, and is looked at again


def _show(context: Context, tuning: TuningJob, trials: Sequence[Trial]) -> None:
    """Counters and the best training job, where they have changed."""
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    best = tuning_trials.best_of(objective, trials)
    shown: dict[str, Any] = dict(tuning_trials.counters(trials))
    if best is not None:
        shown["BestTrainingJob"] = tuning_trials.summary(context, tuning, best)
    improving = tuning_trials.not_improving(objective, trials)
    shown["TuningJobCompletionDetails"] = {"NumberOfTrainingJobsObjectiveNotImproving": improving}
    name = tuning["HyperParameterTuningJobName"]
    stored = context.store.get(TUNING.kind, name) or {}
    if any(stored.get(member) != value for member, value in shown.items()):
        job_kinds.change(context, TUNING, name, **shown)


def _finish(context: Context, name: str, status: str, reason: str | None = None) -> None:
    moment = now()
    with context.store.transaction():
        job = context.store.get(TUNING.kind, name)
        if job is None:
            return
        seconds = round((moment - job["CreationTime"]).total_seconds())
        job_kinds.change(
            context,
            TUNING,
            name,
            HyperParameterTuningJobStatus=status,
            FailureReason=reason,
            HyperParameterTuningEndTime=moment,
            ConsumedResources={"RuntimeInSeconds": seconds},
        )


_coordinators: dict[Path, Coordinator] = {}
_guard = threading.Lock()


def wake(context: Context) -> None:
    """See to it that somebody looks after the tuning jobs, now."""
    with _guard:
        if context.state_dir not in _coordinators:
            _coordinators[context.state_dir] = Coordinator(context)
        _coordinators[context.state_dir].wake()


def shutdown(context: Context) -> None:
    with _guard:
        coordinator = _coordinators.pop(context.state_dir, None)
    if coordinator is not None:
        coordinator.close()
