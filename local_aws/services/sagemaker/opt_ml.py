"""The folder that a job sees as /opt/ml: made anew for each attempt, and the files of the container contract.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.shapes import Channel, ProcessingJob, TrainingJob

HOST = "algo-1"
PROCESSING = PurePosixPath("/opt/ml/processing")
TRAINING_FOLDERS = ("input/config", "input/data", "model", "output/data")
PROCESSING_FOLDERS = ("config", "processing", "output")


def root(context: Context, kind: str, name: str) -> Path:
    """``<state>/jobs/<kind>/<name>``: training and processing jobs may have the same names."""
    return context.state_dir / "jobs" / kind / name


def log_file(context: Context, group: str, name: str) -> Path:
    """Named as the log group that SageMaker would write to: ``TrainingJobs``, ``ProcessingJobs``, ``Endpoints``."""
    return context.state_dir / "logs" / "sagemaker" / group / f"{name}.log"


def prepare_training(folder: Path, job: TrainingJob) -> None:
    """An empty root with the configuration files; the channels' data is not there yet."""
    _make_empty(folder, TRAINING_FOLDERS)
    config = folder / "input" / "config"
    _write(config / "hyperparameters.json", job.get("HyperParameters", {}))
    _write(config / "inputdataconfig.json", {one["ChannelName"]: _channel(one) for one in channels(job)})
    _write(config / "resourceconfig.json", _resources(job["ResourceConfig"].get("InstanceType", "")))


def channels(job: TrainingJob) -> list[Channel]:
    return job.get("InputDataConfig", [])


def channel_folder(folder: Path, channel: Channel) -> Path:
    return folder / "input" / "data" / channel["ChannelName"]


def prepare_processing(folder: Path, job: ProcessingJob) -> None:
    """An empty root with the configuration files and the folders of the outputs."""
    _make_empty(folder, PROCESSING_FOLDERS)
    members = {
        "ProcessingJobArn",
        "ProcessingJobName",
        "Environment",
        "AppSpecification",
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "RoleArn",
        "StoppingCondition",
    }
    _write(folder / "config" / "processingjobconfig.json", {key: job[key] for key in members if key in job})  # type: ignore[literal-required]
    instance = job["ProcessingResources"]["ClusterConfig"]["InstanceType"]
    _write(folder / "config" / "resourceconfig.json", _resources(instance))
    for output in job.get("ProcessingOutputConfig", {"Outputs": []})["Outputs"]:
        local_folder(folder, output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)


def local_folder(folder: Path, local_path: str) -> Path:
    """Where ``/opt/ml/processing/…`` lies on this machine. Raises a ValidationException for any other path."""
    path = PurePosixPath(local_path)
    if ".." in path.parts or not path.is_relative_to(PROCESSING) or path == PROCESSING:
        raise validation_error(f"LocalPath {local_path} must be a folder below {PROCESSING}.")
    return folder / path.relative_to("/opt/ml")


def read_text(file: Path, limit: int) -> str:
    """The first ``limit`` characters of a file that the job may have written, or nothing."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(limit)
    except OSError:
        return ""


def _make_empty(folder: Path, children: tuple[str, ...]) -> None:
    # What an interrupted attempt left behind must not reach the next one.
    if folder.exists():
        shutil.rmtree(folder)
    for child in children:
        (folder / child).mkdir(parents=True)


def _channel(channel: Channel) -> dict[str, str]:
    return {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
    }


def _resources(instance_type: str) -> dict[str, Any]:
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "lo",
    }


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
