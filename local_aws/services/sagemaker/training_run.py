"""One training job from its folder to its artefacts, with the retries it was promised.

The container's part: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import cast

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services import job_process
from local_aws.services.job_process import Control, Ending, Follower, Job, Outcome
from local_aws.services.logs.following import follow
from local_aws.services.s3_transfer import TransferError, download_prefix, join_uri, upload_file
from local_aws.services.sagemaker import opt_ml
from local_aws.services.sagemaker.archives import pack
from local_aws.services.sagemaker.checkpoints import Checkpoints
from local_aws.services.sagemaker.images import command, find_image
from local_aws.services.sagemaker.job_ends import (
    FAILURES,
    KILLED,
    REASON_CHARACTERS,
    InternalFailureError,
    algorithm_error,
    failure_reason,
)
from local_aws.services.sagemaker.records import ATTEMPTS, TRAINING_JOB, now
from local_aws.services.sagemaker.shapes import TrainingJob
from local_aws.services.sagemaker.training_metrics import Metrics
from local_aws.services.sagemaker.training_status import enter, fail, finish
from local_aws.settings import JobSettings

DEFAULT_LIMIT_SECONDS = 86_400
LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def run(context: Context, name: str, control: Control, settings: JobSettings) -> None:
    """Carry the job to a final status. Raises only ``InterruptedByShutdownError``."""
    job = cast(TrainingJob, context.store.get(TRAINING_JOB, name))
    context = acting_as(context, job["RoleArn"], "SageMaker", job["TrainingJobArn"])
    root = opt_ml.root(context, "training", name)
    deadline = time.monotonic() + _limit_seconds(job)
    while True:
        try:
            outcome = _train(context, job, root, control, settings, deadline)
            _conclude(context, job, root, control, outcome)
        except InternalFailureError as error:
            if not control.stop.is_set() and time.monotonic() < deadline and _retry(context, job):
                continue
            fail(context, name, str(error))
        except FAILURES as error:
            control.check_closing()  # a server that stops answers no S3 request
            fail(context, name, failure_reason(error))
        break
    context.store.delete(ATTEMPTS, name)
    if _status(context, name) != "Failed":  # what a failed job left is kept for whoever looks for the reason
        shutil.rmtree(root, ignore_errors=True)


def _limit_seconds(job: TrainingJob) -> float:
    """For all attempts together (API_StoppingCondition); of a spot job also what is left of its waiting time."""
    condition = job["StoppingCondition"]
    limit = float(condition.get("MaxRuntimeInSeconds", DEFAULT_LIMIT_SECONDS))
    if "MaxWaitTimeInSeconds" in condition:
        waited = (now() - job["CreationTime"]).total_seconds()
        limit = min(limit, max(0.0, condition["MaxWaitTimeInSeconds"] - waited))
    return limit


def _retry(context: Context, job: TrainingJob) -> bool:
    """Take one of the job's retries, if there is one left; a restarted server does not give them back."""
    name, allowed = job["TrainingJobName"], job.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
    with context.store.transaction():
        taken = (context.store.get(ATTEMPTS, name) or {"retries": 0})["retries"]
        if taken >= allowed:
            return False
        context.store.put(ATTEMPTS, name, {"retries": taken + 1})
        enter(context, name, "Restarting", f"Internal error; retry {taken + 1} of {allowed}")
        enter(context, name, "Starting", "Preparing the instances for training")
    return True


def _train(
    context: Context, job: TrainingJob, root: Path, control: Control, settings: JobSettings, deadline: float
) -> Outcome:
    name = job["TrainingJobName"]
    begun = {} if "TrainingStartTime" in job else {"TrainingStartTime": now()}
    enter(context, name, "Downloading", "Downloading input data", **begun)
    opt_ml.prepare_training(root, job)
    for channel in opt_ml.channels(job):
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        if download_prefix(context, uri, opt_ml.channel_folder(root, channel)) == 0:
            raise TransferError(f'Data download failed: No S3 objects found under S3 URL "{uri}"')
        control.check_closing()
    process = _process_of(context, job, root)
    stream = f"{name}/{opt_ml.HOST}-{int(time.time())}"
    followers: list[Follower] = [follow(context, LOG_GROUP, stream, process.log), Metrics(context, job, process.log)]
    if "CheckpointConfig" in job:
        followers.append(Checkpoints(context, job["CheckpointConfig"], root, settings.checkpoint_seconds))
    if control.stop.is_set():
        return Outcome(Ending.STOPPED, 0)
    enter(context, name, "Training", "Training image download completed. Training in progress.")
    return job_process.run(
        context,
        process,
        control,
        limit_seconds=deadline - time.monotonic(),
        grace_seconds=settings.stop_grace_seconds,
        followers=followers,
    )


def _process_of(context: Context, job: TrainingJob, root: Path) -> Job:
    name, algorithm = job["TrainingJobName"], job["AlgorithmSpecification"]
    image = find_image(context, algorithm["TrainingImage"])
    arguments = algorithm.get("ContainerArguments")
    return Job(
        name=f"training-job/{name}",
        argv=command(image, ["train"], algorithm.get("ContainerEntrypoint"), arguments),
        workdir=image.workdir,
        environment={
            "TRAINING_JOB_NAME": name,
            "TRAINING_JOB_ARN": job["TrainingJobArn"],
            **job.get("Environment", {}),
        },
        root=root,
        log=opt_ml.log_file(context, "TrainingJobs", name),
        isolated=job.get("EnableNetworkIsolation", False),
    )


def _conclude(context: Context, job: TrainingJob, root: Path, control: Control, outcome: Outcome) -> None:
    name = job["TrainingJobName"]
    if not control.stop.is_set() and outcome.ending is Ending.ITSELF:
        if outcome.killed:
            raise InternalFailureError(KILLED)
        if outcome.exit_code != 0:
            _upload(context, job, root / "output" / "data", "output.tar.gz")
            written = opt_ml.read_text(root / "output" / "failure", REASON_CHARACTERS)
            fail(context, name, algorithm_error(written.strip(), outcome.exit_code))
            return
    # A stopped job keeps what it has saved: that is what the 120 seconds after SIGTERM are for.
    enter(context, name, "Uploading", "Uploading generated training model")
    _upload(context, job, root / "model", "model.tar.gz")
    _upload(context, job, root / "output" / "data", "output.tar.gz")
    if outcome.ending is Ending.TIME_LIMIT:
        finish(context, name, "Stopped", *_exceeded(job))
    elif outcome.ending is Ending.STOPPED or control.stop.is_set():
        finish(context, name, "Stopped", "Stopped", "Training job stopped")
    else:
        finish(context, name, "Completed", "Completed", "Training job completed")


def _exceeded(job: TrainingJob) -> tuple[str, str]:
    condition = job["StoppingCondition"]
    waited = (now() - job["CreationTime"]).total_seconds()
    if waited >= condition.get("MaxWaitTimeInSeconds", float("inf")):
        return "MaxWaitTimeExceeded", "Training job wait time exceeded MaxWaitTimeInSeconds"
    return "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds"


def _upload(context: Context, job: TrainingJob, folder: Path, archive: str) -> None:
    output = job["OutputDataConfig"]
    with tempfile.TemporaryDirectory(dir=context.state_dir) as temporary:
        packed = Path(temporary) / archive
        if pack(folder, packed):
            uri = join_uri(output["S3OutputPath"], job["TrainingJobName"], "output", archive)
            upload_file(context, packed, uri, output.get("KmsKeyId"))


def _status(context: Context, name: str) -> str:
    job = context.store.get(TRAINING_JOB, name)
    return "" if job is None else str(job["TrainingJobStatus"])
