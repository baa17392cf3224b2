"""What a monitoring job is told: Model Monitor's environment variables, and ours beside them.

Model Monitor's: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html. Whoever
creates the job sets the same ones in both homes, so the job cannot tell them apart:

=============================  ========================================================================================
dataset_source                 folder below /opt/ml with captured records, or the S3 prefix ``captured/<endpoint>/``
ground_truth_source            the same of labels, ``ground-truth/<endpoint>/``; without it nothing is labelled
dataset_format                 ``{"sagemakerCaptureJson": …}``, or ``{"sagemakerMergeJson": …}`` if the platform merged
output_path                    folder below /opt/ml for the reports
start_time, end_time           the window, ``2026-11-26T05:00:00Z``
sagemaker_endpoint_name        the endpoint
sagemaker_monitoring_schedule_name  a dimension of the metrics; ``<endpoint>-<monitor>`` where it is not set
publish_cloudwatch_metrics     ``Enabled`` or ``Disabled`` (default)
baseline_constraints, baseline_statistics  files below /opt/ml; where not set they are read below vigil_baseline_uri
vigil_monitor                  ``data-quality``, ``model-quality``, ``bias`` or ``attribution``
vigil_baseline_uri             S3 prefix of the model's baseline, which holds ``baseline.json``
vigil_baseline_digest          SHA-256 of ``baseline.json``, as the release pinned it
vigil_artefact_uri, vigil_artefact_digest  ``model.tar.gz`` of the model that serves, and its artefact digest
vigil_plan_digest              of the change control plan that the model was released under
vigil_report_uri               S3 prefix of this monitor's reports, ``reports/<endpoint>/<monitor>/``; the window's key
                               is put behind it unless it is there already
vigil_captured_uri             S3 prefix of all that was captured, ``captured/<endpoint>/``; what the platform merged
                               has labelled records alone: without this nobody knows the share with labels
vigil_merged_uri               S3 prefix for records merged with their labels; the window's key likewise; may be missing
=============================  ========================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.digests import Sha256
from vigil.monitoring.models import Monitor, Window

STAMP = "%Y-%m-%dT%H:%M:%SZ"
MERGED_FORMAT = "sagemakerMergeJson"
ENABLED = "Enabled"
PLATFORM = PurePosixPath("/opt/ml")


class ContractError(ValueError):
    """The job's environment is incomplete or contradicts itself; the message names the variable and what to do."""


class MonitorOrder(BaseModel):
    """One monitor over one window, as the environment says. Addresses are S3 URIs or folders below /opt/ml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monitor: Monitor
    endpoint: str = Field(min_length=1)
    window: Window
    schedule: str
    dataset_source: str
    merged_by_platform: bool
    ground_truth_source: str | None
    output_path: str
    publish_metrics: bool
    baseline_uri: str | None
    baseline_constraints: str | None
    baseline_statistics: str | None
    baseline_digest: Sha256
    artefact_uri: str | None
    artefact_digest: Sha256
    plan_digest: Sha256
    report_uri: str
    merged_uri: str | None
    captured_uri: str | None = None


def read_order(environment: Mapping[str, str]) -> MonitorOrder:
    """Raises ``ContractError``."""
    monitor, endpoint = _required(environment, "vigil_monitor"), _required(environment, "sagemaker_endpoint_name")
    try:
        window = Window(start=_moment(environment, "start_time"), end=_moment(environment, "end_time"))
        return MonitorOrder(
            monitor=Monitor(monitor),
            endpoint=endpoint,
            window=window,
            schedule=environment.get("sagemaker_monitoring_schedule_name") or f"{endpoint}-{monitor}",
            dataset_source=_required(environment, "dataset_source"),
            merged_by_platform=MERGED_FORMAT in _format(environment),
            ground_truth_source=environment.get("ground_truth_source") or None,
            output_path=_required(environment, "output_path"),
            publish_metrics=environment.get("publish_cloudwatch_metrics") == ENABLED,
            baseline_uri=environment.get("vigil_baseline_uri") or None,
            baseline_constraints=environment.get("baseline_constraints") or None,
            baseline_statistics=environment.get("baseline_statistics") or None,
            baseline_digest=_required(environment, "vigil_baseline_digest"),
            artefact_uri=environment.get("vigil_artefact_uri") or None,
            artefact_digest=_required(environment, "vigil_artefact_digest"),
            plan_digest=_required(environment, "vigil_plan_digest"),
            report_uri=_of_window(_required(environment, "vigil_report_uri"), window),
            captured_uri=environment.get("vigil_captured_uri") or None,
            merged_uri=_of_window(environment["vigil_merged_uri"], window)
            if environment.get("vigil_merged_uri")
            else None,
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'window'}: {one['msg']}" for one in error.errors())
        raise ContractError(f"the monitoring job's environment is not usable, create the job again: {wrong}") from None
    except ValueError as error:
        raise ContractError(str(error)) from None


def local_folder(root: Path, address: str) -> Path:
    """Where a path below /opt/ml lies when the platform's folders are below ``root``. Raises ``ContractError``."""
    path = PurePosixPath(address)
    if ".." in path.parts or not path.is_relative_to(PLATFORM):
        raise ContractError(f"{address} is no folder below {PLATFORM}: the job's request must name one")
    return root / path.relative_to(PLATFORM)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ContractError(f"the environment variable {name} is not set: the monitoring job's request must set it")
    return value


def _moment(environment: Mapping[str, str], name: str) -> datetime:
    try:
        return datetime.strptime(_required(environment, name), STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise ContractError(f"the environment variable {name} must look like 2026-11-26T05:00:00Z") from None


def _format(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = json.loads(environment.get("dataset_format") or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ContractError("the environment variable dataset_format must hold a JSON object")
    return found


def _of_window(uri: str, window: Window) -> str:
    folder = uri.rstrip("/")
    return f"{folder}/" if folder.endswith(f"/{window.key}") else f"{folder}/{window.key}/"
