"""The processing job of one monitor over one window: its name, its request, and that it is started once.

The name is a digest of all that the job looks at. Who asks again joins the job; once more labels have arrived, it is
another job, whose report replaces the earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from vigil.aws.analyzer_environment import BASELINE, baseline_files, contract, own
from vigil.aws.captured_data import Found
from vigil.aws.environment import StackParameters, stack_name
from vigil.aws.monitored_model import ServedModel
from vigil.digests import digest_of
from vigil.monitoring.models import Monitor, Window

ENTRYPOINT = ["python", "-m", "tasks.sagemaker"]
#: What `python -m tasks.sagemaker` is called with.
MONITOR_JOB, MERGE_JOB = "monitor", "merge-ground-truth"
NAME_DIGITS = 16
LONGEST_NAME = 63
#: Of one name: a job that failed is tried again under the next one.
MOST_ATTEMPTS = 3
ENDED_BADLY = {"Failed", "Stopped"}
#: A week of reports takes minutes (benchmarks/monitoring.py); an hour is a fault.
MOST_SECONDS = 3600
VOLUME_GB = 30


class MonitorJobFailedError(Exception):
    """The job failed as often as it may be tried; the message has its reason."""


@dataclass(frozen=True)
class Work:
    """What a job is made from. ``monitor``: None for the merge. ``output_uri``: prefix that it writes to."""

    monitor: Monitor | None
    window: Window
    served: ServedModel
    captured: Found
    ground_truth: Found | None
    output_uri: str

    @property
    def title(self) -> str:
        """Part of the job's name, short enough for the longest name of a stack."""
        return "merge" if self.monitor is None else self.monitor.value


def base_name(work: Work, endpoint: str) -> str:
    """At most 60 characters, so that an attempt's suffix fits into the 63 of a job's name."""
    seen = [
        endpoint, work.title, work.window.key, work.served.artefact_digest, work.served.baseline_digest,
        work.served.plan_digest, work.captured.state, work.ground_truth.state if work.ground_truth else "",
    ]  # fmt: skip
    return f"vigil-{stack_name()}-{work.title}-{digest_of(seen)[:NAME_DIGITS]}"


def start_once(work: Work, parameters: StackParameters, sagemaker: Any) -> tuple[str, bool]:
    """The job's name, and whether this call created it. Raises ``MonitorJobFailedError``."""
    base, reason = base_name(work, parameters.sagemaker.endpoint), ""
    for attempt in range(1, MOST_ATTEMPTS + 1):
        name = base if attempt == 1 else f"{base}-{attempt}"
        try:
            sagemaker.create_processing_job(**request(work, name, parameters))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise
        else:
            return name, True
        found = sagemaker.describe_processing_job(ProcessingJobName=name)
        if found["ProcessingJobStatus"] not in ENDED_BADLY:
            return name, False
        reason = found.get("ExitMessage") or found.get("FailureReason") or "it was stopped"
    raise MonitorJobFailedError(
        f"{base} failed {MOST_ATTEMPTS} times, the last time with: {reason}; mend it, then run the window again once "
        "other data have arrived, or delete these processing jobs"
    )


def request(work: Work, name: str, parameters: StackParameters) -> dict[str, Any]:
    """``CreateProcessingJob``'s request.

    The job has a network: it fetches what it reads, delivers its reports, and announces its result after that.
    """
    environment = contract(work.window, parameters.sagemaker.endpoint, work.captured.root)
    if work.monitor is None:
        inputs, job = [], MERGE_JOB
        environment |= own(Monitor.MODEL_QUALITY, work.served, work.output_uri)
        environment["vigil_merged_uri"] = work.output_uri
    else:
        inputs, job = [_baseline(work.served)], MONITOR_JOB
        environment |= own(work.monitor, work.served, work.output_uri) | baseline_files(work.monitor)
    if work.ground_truth is not None:
        environment["ground_truth_source"] = str(work.ground_truth.root)
    return {
        "ProcessingJobName": name,
        "AppSpecification": {"ImageUri": parameters.sagemaker.image, "ContainerEntrypoint": [*ENTRYPOINT, job]},
        "RoleArn": parameters.sagemaker.monitor_role,
        "Environment": {"VIGIL_STACK": stack_name(), **environment},
        "ProcessingInputs": inputs,
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType": parameters.sagemaker.instance_type,
                "InstanceCount": 1,
                "VolumeSizeInGB": VOLUME_GB,
                "VolumeKmsKeyId": parameters.keys.data,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": MOST_SECONDS},
    }


def _baseline(served: ServedModel) -> dict[str, Any]:
    return {
        "InputName": "baseline",
        "S3Input": {
            "S3Uri": served.baseline_uri,
            "LocalPath": BASELINE,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }
