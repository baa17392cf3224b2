"""One training job from its folder to its artefacts, and the statuses it passes through.

Statuses: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html. The container's
part: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, cast

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services import job_process
from local_aws.services.job_process import Control, Ending, Job, Outcome
from local_aws.services.job_settings import JobSettings
from local_aws.services.s3_transfer import TransferError, download_prefix, join_uri, upload_file
from local_aws.services.sagemaker import opt_ml
from local_aws.services.sagemaker.archives import pack
from local_aws.services.sagemaker.images import command, find_image
from local_aws.services.sagemaker.job_ends import FAILURES, failure_reason
from local_aws.services.sagemaker.records import TRAINING_JOB, change, now
from local_aws.services.sagemaker.shapes import TrainingJob

DEFAULT_LIMIT_SECONDS = 86_400
REASON_CHARACTERS = 1024


def run(context: Context, name: str, control: Control, settings: JobSettings) -> None:
    """Carry the job to a final status. Raises only ``InterruptedByShutdownError``."""
    job = cast(TrainingJob, context.store.get(TRAINING_JOB, name))
    context = acting_as(context, job["RoleArn"], "SageMaker", job["TrainingJobArn"])
    root = opt_ml.root(context, "training", name)
    try:
        outcome = _train(context, job, root, control, settings)
        _conclude(context, job, root, control, outcome)
    except FAILURES as error:
        control.check_closing()  # a server that stops answers no S3 request
        _fail(context, name, failure_reason(error))
    if _status(context, name) != "Failed":  # what a failed job left is kept for whoever looks for the reason
        shutil.rmtree(root, ignore_errors=True)


def enter(context: Context, name: str, secondary: str, message: str, **members: Any) -> None:
    """Pass to a secondary status: the last transition ends, a new one begins."""
    with context.store.transaction():
        job = context.store.get(TRAINING_JOB, name)
        if job is None:
            return
        moment = now()
        transitions = job["SecondaryStatusTransitions"]
        if transitions and "EndTime" not in transitions[-1]:
            transitions[-1]["EndTime"] = moment
        transitions.append({"Status": secondary, "StartTime": moment, "StatusMessage": message})
        change(
            context,
            TRAINING_JOB,
            name,
            SecondaryStatus=secondary,
            SecondaryStatusTransitions=transitions,
            **members,
        )


def finish(context: Context, name: str, status: str, secondary: str, message: str, reason: str | None = None) -> None:
    """Pass to a final status; ``reason`` becomes FailureReason."""
    with context.store.transaction():
        job = context.store.get(TRAINING_JOB, name)
        if job is None:
            return
        moment = now()
        begun = job.get("TrainingStartTime")
        seconds = None if begun is None else round((moment - begun).total_seconds())
        enter(
            context,
            name,
            secondary,
            message,
            TrainingJobStatus=status,
            FailureReason=reason and reason[:REASON_CHARACTERS],
            TrainingEndTime=moment,
            TrainingTimeInSeconds=seconds,
            BillableTimeInSeconds=seconds,
        )
        last = (context.store.get(TRAINING_JOB, name) or {})["SecondaryStatusTransitions"]
        last[-1]["EndTime"] = last[-1]["StartTime"]
        change(context, TRAINING_JOB, name, SecondaryStatusTransitions=last)


def _train(context: Context, job: TrainingJob, root: Path, control: Control, settings: JobSettings) -> Outcome:
    name = job["TrainingJobName"]
    enter(context, name, "Downloading", "Downloading input data", TrainingStartTime=now())
    opt_ml.prepare_training(root, job)
    for channel in opt_ml.channels(job):
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        if download_prefix(context, uri, opt_ml.channel_folder(root, channel)) == 0:
            raise TransferError(f'Data download failed: No S3 objects found under S3 URL "{uri}"')
        control.check_closing()
    if control.stop.is_set():
        return Outcome(Ending.STOPPED, 0)
    enter(context, name, "Training", "Training image download completed. Training in progress.")
    limit = job["StoppingCondition"].get("MaxRuntimeInSeconds", DEFAULT_LIMIT_SECONDS)
    process = _process_of(context, job, root)
    return job_process.run(context, process, control, limit_seconds=limit, grace_seconds=settings.stop_grace_seconds)


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
    failed = outcome.ending is Ending.ITSELF and outcome.exit_code != 0
    if failed and not control.stop.is_set():
        _upload(context, job, root / "output" / "data", "output.tar.gz")
        written = opt_ml.read_text(root / "output" / "failure", REASON_CHARACTERS)
        _fail(context, name, _algorithm_error(written.strip(), outcome.exit_code))
        return
    # A stopped job keeps what it has saved: that is what the 120 seconds after SIGTERM are for.
    enter(context, name, "Uploading", "Uploading generated training model")
    _upload(context, job, root / "model", "model.tar.gz")
    _upload(context, job, root / "output" / "data", "output.tar.gz")
    if outcome.ending is Ending.TIME_LIMIT:
        finish(context, name, "Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds")
    elif outcome.ending is Ending.STOPPED or control.stop.is_set():
        finish(context, name, "Stopped", "Stopped", "Training job stopped")
    else:
        finish(context, name, "Completed", "Completed", "Training job completed")


def _algorithm_error(written: str, exit_code: int) -> str:
    """``AlgorithmError: <the failure file>, exit code: N``, cut so that the exit code stays."""
    ending = f", exit code: {exit_code}"
    return f"AlgorithmError: {written}"[: REASON_CHARACTERS - len(ending)] + ending


def _upload(context: Context, job: TrainingJob, folder: Path, archive: str) -> None:
    output = job["OutputDataConfig"]
    with tempfile.TemporaryDirectory(dir=context.state_dir) as temporary:
        packed = Path(temporary) / archive
        if pack(folder, packed):
            uri = join_uri(output["S3OutputPath"], job["TrainingJobName"], "output", archive)
            upload_file(context, packed, uri, output.get("KmsKeyId"))


def _fail(context: Context, name: str, reason: str) -> None:
    finish(context, name, "Failed", "Failed", "Training job failed", reason)


def _status(context: Context, name: str) -> str:
    job = context.store.get(TRAINING_JOB, name)
    return "" if job is None else str(job["TrainingJobStatus"])
