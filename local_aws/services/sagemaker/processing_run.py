"""One processing job from its inputs to its outputs.

The container's part: https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-run-image.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html (ExitMessage).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import cast

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services import job_process
from local_aws.services.job_process import Control, Ending, Job, Outcome
from local_aws.services.logs.following import follow
from local_aws.services.s3_transfer import TransferError, download_prefix, upload_folder
from local_aws.services.sagemaker import job_kinds, opt_ml
from local_aws.services.sagemaker.images import command, find_image
from local_aws.services.sagemaker.job_ends import FAILURES, KILLED, failure_reason
from local_aws.services.sagemaker.job_kinds import PROCESSING
from local_aws.services.sagemaker.monitoring import metrics
from local_aws.services.sagemaker.records import change, now
from local_aws.services.sagemaker.shapes import ProcessingJob
from local_aws.settings import JobSettings

DEFAULT_LIMIT_SECONDS = 86_400
TEXT_CHARACTERS = 1024
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


def run(context: Context, name: str, control: Control, settings: JobSettings) -> None:
    """Carry the job to a final status. Raises only ``InterruptedByShutdownError``."""
    job = cast(ProcessingJob, context.store.get(PROCESSING.kind, name))
    context = acting_as(context, job["RoleArn"], "SageMaker", job["ProcessingJobArn"])
    root = opt_ml.root(context, "processing", name)
    status, reason = "Failed", None
    try:
        outcome = _process(context, job, root, control, settings)
        message = _message(root)
        if outcome.killed and not control.stop.is_set():
            reason = KILLED
        elif outcome.ending is Ending.ITSELF and outcome.exit_code != 0 and not control.stop.is_set():
            reason = _algorithm_error(message, outcome.exit_code)
        else:
            status = "Completed" if outcome.ending is Ending.ITSELF and not control.stop.is_set() else "Stopped"
    except UnicodeDecodeError:
        message, reason = None, "ClientError: the file /opt/ml/output/message is not UTF-8 text"
    except FAILURES as error:
        control.check_closing()  # a server that stops answers no S3 request
        message, reason = None, failure_reason(error)
    if status == "Completed":
        metrics.publish(context, job, root)
    finish(context, name, status, reason=reason, message=message)
    if status != "Failed":  # what a failed job left is kept for whoever looks for the reason
        shutil.rmtree(root, ignore_errors=True)


def finish(context: Context, name: str, status: str, *, reason: str | None = None, message: str | None = None) -> None:
    """Pass to a final status; ``reason`` becomes FailureReason and ``message`` ExitMessage."""
    with context.store.transaction():
        job = context.store.get(PROCESSING.kind, name)
        if job is None:
            return
        if job["ProcessingJobStatus"] == "Stopping" and status == "Completed":
            status = "Stopped"  # the request came while the outputs were being written
        job_kinds.change(
            context,
            PROCESSING,
            name,
            ProcessingJobStatus=status,
            FailureReason=reason and reason[:TEXT_CHARACTERS],
            ExitMessage=message,
            ProcessingEndTime=now(),
        )


def _process(context: Context, job: ProcessingJob, root: Path, control: Control, settings: JobSettings) -> Outcome:
    name = job["ProcessingJobName"]
    change(context, PROCESSING.kind, name, ProcessingStartTime=now())
    opt_ml.prepare_processing(root, job)
    for entry in job.get("ProcessingInputs", []):
        source = entry["S3Input"]
        if download_prefix(context, source["S3Uri"], opt_ml.local_folder(root, source["LocalPath"])) == 0:
            raise TransferError(f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source')
        control.check_closing()
    if control.stop.is_set():
        return Outcome(Ending.STOPPED, 0)
    limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_LIMIT_SECONDS)
    process = _process_of(context, job, root)
    outcome = job_process.run(
        context,
        process,
        control,
        limit_seconds=limit,
        grace_seconds=settings.stop_grace_seconds,
        followers=[follow(context, LOG_GROUP, f"{name}/{opt_ml.HOST}-{int(time.time())}", process.log)],
    )
    if outcome.exit_code == 0:
        _upload(context, job, root)
    return outcome


def _process_of(context: Context, job: ProcessingJob, root: Path) -> Job:
    name, application = job["ProcessingJobName"], job["AppSpecification"]
    image = find_image(context, application["ImageUri"])
    return Job(
        name=f"processing-job/{name}",
        argv=command(image, [], application.get("ContainerEntrypoint"), application.get("ContainerArguments")),
        workdir=image.workdir,
        environment={
            "PROCESSING.kind_NAME": name,
            "PROCESSING.kind_ARN": job["ProcessingJobArn"],
            **job.get("Environment", {}),
        },
        root=root,
        log=opt_ml.log_file(context, "ProcessingJobs", name),
        isolated=job.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
    )


def _upload(context: Context, job: ProcessingJob, root: Path) -> None:
    config = job.get("ProcessingOutputConfig")
    for output in config["Outputs"] if config else []:
        target = output["S3Output"]
        folder = opt_ml.local_folder(root, target["LocalPath"])
        upload_folder(context, folder, target["S3Uri"], config.get("KmsKeyId") if config else None)


def _message(root: Path) -> str | None:
    """What the job wrote for its reader. Raises ``UnicodeDecodeError``, which fails the job as on SageMaker."""
    file = root / "output" / "message"
    if not file.is_file():
        return None
    with file.open(encoding="utf-8") as stream:
        return stream.read(TEXT_CHARACTERS) or None


def _algorithm_error(message: str | None, exit_code: int) -> str:
    """Both forms are recorded ones: with an exit message the reason does not repeat it."""
    if message:
        return "AlgorithmError: See job logs for more information"
    return f"AlgorithmError: , exit code: {exit_code}"
