"""One transform job: its model's server, its requests, its outputs.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html: an object with a bad record has no output and
fails the job, the other objects are still transformed; a stopped job leaves no output.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from pathlib import Path
from typing import Any, cast

from local_aws.api import ApiError, Context
from local_aws.identity.acting import acting_as
from local_aws.services.job_process import SHUTDOWN_GRACE_SECONDS, Control
from local_aws.services.logs.following import follow
from local_aws.services.s3_transfer import TransferError, join_uri, upload_file
from local_aws.services.sagemaker import job_kinds, opt_ml, transform_records
from local_aws.services.sagemaker.job_ends import FAILURES, REASON_CHARACTERS, failure_reason
from local_aws.services.sagemaker.job_kinds import TRANSFORM
from local_aws.services.sagemaker.models import container_of, find_model
from local_aws.services.sagemaker.records import change, now
from local_aws.services.sagemaker.serving import ModelServer, ServingError, bring_up, endpoint_root
from local_aws.services.sagemaker.transform_client import ModelClient
from local_aws.services.sagemaker.transform_pipeline import Pipeline, Stopped
from local_aws.services.sagemaker.transform_shapes import TransformJob
from local_aws.settings import JobSettings

LOG_GROUP = "/aws/sagemaker/TransformJobs"
VARIANT = "transform"
INVOCATION_SECONDS, INVOCATION_RETRIES = 600, 3
PAYLOAD_MEGABYTES = 6


def run(context: Context, name: str, control: Control, settings: JobSettings) -> None:
    """Carry the job to a final status. Raises only ``InterruptedByShutdownError``."""
    job = cast(TransformJob, context.store.get(TRANSFORM.kind, name))
    change(context, TRANSFORM.kind, name, TransformStartTime=now())
    root = opt_ml.root(context, "transform", name)
    shutil.rmtree(root, ignore_errors=True)
    try:
        failed = _transform(context, job, root, control, settings)
        status, reason = ("Failed", failed) if failed else ("Completed", None)
    except Stopped:
        status, reason = "Stopped", None
    except ServingError as error:
        control.check_closing()
        status, reason = ("Stopped", None) if control.stop.is_set() else ("Failed", f"{_blame(error)}: {error}")
    except FAILURES as error:
        control.check_closing()
        status, reason = "Failed", failure_reason(error)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    finish(context, name, status, reason)


def finish(context: Context, name: str, status: str, reason: str | None = None) -> None:
    """Pass to a final status; ``reason`` becomes FailureReason."""
    with context.store.transaction():
        job = context.store.get(TRANSFORM.kind, name)
        if job is None:
            return
        if job["TransformJobStatus"] == "Stopping" and status == "Completed":
            status = "Stopped"
        short = reason and reason[:REASON_CHARACTERS]
        job_kinds.change(
            context, TRANSFORM, name, TransformJobStatus=status, FailureReason=short, TransformEndTime=now()
        )


def _transform(context: Context, job: TransformJob, root: Path, control: Control, settings: JobSettings) -> str | None:
    """Returns why the job has failed, if it has."""
    name = job["TransformJobName"]
    role = find_model(context, job["ModelName"]).get("ExecutionRoleArn")
    context = acting_as(context, role, "SageMaker", job["TransformJobArn"])
    # An endpoint's name cannot hold a dot, so the folder and the log are nobody else's.
    alias = f"{VARIANT}.{name}"
    digest = hashlib.sha256(job["TransformJobArn"].encode()).hexdigest()
    stream = f"{name}/i-{digest[:17]}-{int(time.time())}"
    data_log = opt_ml.log_file(context, "TransformJobs", name)
    logs = [
        follow(context, LOG_GROUP, stream, opt_ml.log_file(context, f"Endpoints/{alias}", VARIANT)),
        follow(context, LOG_GROUP, f"{stream}/data-log", data_log),
    ]
    server = None
    try:
        server = bring_up(context, alias, "0", cast(Any, _variant(context, job, settings)), _Given(control))
        outputs, failed = _pipeline(context, job, root, server, data_log).run(control)
        for path, file in outputs:
            control.check_closing()
            uri = join_uri(job["TransformOutput"]["S3OutputPath"], f"{path}.out")
            upload_file(context, file, uri, job["TransformOutput"].get("KmsKeyId"))
        return failed
    finally:
        if server is not None:
            server.stop(SHUTDOWN_GRACE_SECONDS)
        for log in logs:
            log.end()
        shutil.rmtree(endpoint_root(context, alias), ignore_errors=True)


class _Given(threading.Event):
    """Set once the job is to stop, for either reason."""

    def __init__(self, control: Control) -> None:
        super().__init__()
        self._control = control

    def wait(self, timeout: float | None = None) -> bool:
        return self._control.stop.wait(timeout) or self._control.closing.is_set()


def _blame(error: ServingError) -> str:
    return "ClientError" if isinstance(error.__cause__, TransferError | ApiError) else "AlgorithmError"


def _variant(context: Context, job: TransformJob, settings: JobSettings) -> dict[str, Any]:
    """The model as a variant that ``serving`` brings up; the variables are those of a batch container."""
    model = find_model(context, job["ModelName"])
    container = container_of(model)
    environment = {
        **container.get("Environment", {}),
        **job.get("Environment", {}),
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(job.get("MaxPayloadInMB", PAYLOAD_MEGABYTES)),
        "SAGEMAKER_BATCH_STRATEGY": job.get("BatchStrategy", "MultiRecord").upper().replace("RECORD", "_RECORD"),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(job.get("MaxConcurrentTransforms") or 1),
    }
    return {
        "VariantName": VARIANT,
        "Weight": 1.0,
        "InstanceCount": 1,
        "Container": {**container, "Environment": environment},
        "Isolated": model.get("EnableNetworkIsolation", False),
        "PingLimitSeconds": settings.ping_limit_seconds,
    }


def _pipeline(context: Context, job: TransformJob, root: Path, server: ModelServer, data_log: Path) -> Pipeline:
    given = job.get("ModelClientConfig", {})
    client = ModelClient(
        server.port,
        job["TransformInput"].get("ContentType"),
        job["TransformOutput"].get("Accept"),
        given.get("InvocationsTimeoutInSeconds", INVOCATION_SECONDS),
        given.get("InvocationsMaxRetries", INVOCATION_RETRIES),
    )
    suggested = client.execution_parameters()
    strategy = job.get("BatchStrategy") or suggested.get("BatchStrategy", "MultiRecord")
    megabytes = job.get("MaxPayloadInMB", suggested.get("MaxPayloadInMB", PAYLOAD_MEGABYTES))
    return Pipeline(
        context=context,
        source=job["TransformInput"],
        folder=root,
        client=client,
        single=str(strategy).replace("_", "").lower() == "singlerecord",
        limit_bytes=int(megabytes) * transform_records.MEGABYTE,
        parallel=int(job.get("MaxConcurrentTransforms") or suggested.get("MaxConcurrentTransforms", 1)),
        newline=job["TransformOutput"].get("AssembleWith", "None") == "Line",
        processing=transform_records.processing_of(job),
        alive=lambda: server.exit_code() is None,
        data_log=data_log,
    )
