"""Pinning a run: everything that decides what comes out is fixed, by digest, before anything is computed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vigil.aws.environment import StackParameters
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.images import require_digest
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.aws.run_records import RunRecords
from vigil.change_control.models import Plan
from vigil.datasets.manifest import MANIFEST_FILE, Manifest
from vigil.digests import digest_of
from vigil.models.hyperparameters import HyperparameterError, parse_hyperparameters
from vigil.models.models import TrainingRequest

KEY_DIGITS = 12  # of SHA-256 of the execution's ARN: short enough for a job's name


class OutsidePlanError(Exception):
    """What is asked for lies outside the plan; nothing is computed. Step Functions matches this class by its name."""


class RequestError(Exception):
    """A training request is malformed or names what is not there; the message names the field."""


class PinEvent(BaseModel):
    """What train-and-promote hands over. ``request`` is the execution's input, not checked by anybody yet."""

    model_config = ConfigDict(extra="forbid")

    request: Any
    execution_arn: str
    execution_name: str
    started_at: datetime


class PinnedRun(BaseModel):
    """What the whole run uses. Times in seconds; ``dataset_uri`` and ``plan_uri`` are prefixes that end in ``/``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    execution_arn: str
    requested_by: str
    sent_by: str | None = None
    plan_changed_by: str
    reason: str
    dataset_version: str
    dataset_uri: str
    plan_digest: str
    plan_uri: str
    hyperparameters: dict[str, str]
    code_revision: str
    image: str
    instance_type: str
    data_key: str
    outputs_uri: str
    approval_timeout_seconds: int


def pin_run(
    event: PinEvent, plan: Plan, parameters: StackParameters, evidence: EvidenceStore, records: RunRecords, s3: Any
) -> PinnedRun:
    """Check the request against plan and data, store the plan, record the run. A retry gets what was pinned first.

    Raises ``RequestError``, ``OutsidePlanError`` for hyperparameters that the plan does not permit, and
    ``ImageNotPinnedError`` where the stack names its image by a tag.
    """
    request = _request(event.request)
    dataset_uri = _dataset(request.dataset_version, parameters.buckets.datasets, s3)
    hyperparameters = _hyperparameters(request, plan)
    key = run_key(event.execution_arn)
    pinned = PinnedRun(
        key=key,
        execution_arn=event.execution_arn,
        requested_by=request.requested_by,
        sent_by=request.sent_by,
        plan_changed_by=parameters.code.plan_changed_by,
        reason=request.reason,
        dataset_version=request.dataset_version,
        dataset_uri=str(dataset_uri),
        plan_digest=plan.digest,
        plan_uri=str(evidence.keep_plan(plan)),
        hyperparameters=hyperparameters,
        code_revision=parameters.code.revision,
        image=require_digest(parameters.sagemaker.image, "the stack's parameter sagemaker/image (MlImage)"),
        instance_type=parameters.sagemaker.instance_type,
        data_key=parameters.keys.data,
        outputs_uri=f"s3://{parameters.buckets.models}/runs/{key}",
        # The plan bounds how long a decision may take; a stack may ask for less.
        approval_timeout_seconds=min(
            plan.protocol.approval.timeout_seconds, parameters.timing.approval_timeout_seconds
        ),
    )
    recorded = records.start(
        event.execution_arn,
        {
            "pinned": pinned.model_dump_json(),
            "requested_by": request.requested_by,
            "reason_asked": request.reason,
            "dataset_version": request.dataset_version,
            "started_at": event.started_at.isoformat(),
            **({"sent_by": request.sent_by} if request.sent_by else {}),
        },
    )
    return PinnedRun.model_validate_json(recorded["pinned"])


def run_key(execution_arn: str) -> str:
    """What names a run in its jobs, its outputs and the ledger (``PinnedRun.key``)."""
    return digest_of(execution_arn)[:KEY_DIGITS]


def describe_problems(error: ValidationError) -> str:
    """Each wrong field and why, without what was in it."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'request'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def _request(raw: Any) -> TrainingRequest:
    try:
        return TrainingRequest.model_validate(raw)
    except ValidationError as error:
        raise RequestError(f"the training request is not usable: {describe_problems(error)}") from None


def _dataset(version: str, bucket: str, s3: Any) -> S3Uri:
    """The version's prefix, if the manifest that lies there is the one that gave the version its name."""
    prefix = S3Uri(bucket, f"datasets/faers/{version}/")
    try:
        found = Manifest.model_validate(json.loads(get_bytes(prefix / MANIFEST_FILE, s3))).version
    except ObjectError as error:
        raise RequestError(f"dataset_version: {error}: release it first") from error
    except ValueError as error:
        raise RequestError(f"dataset_version: the manifest of {version} is not readable") from error
    if found != version:
        raise RequestError(f"dataset_version: the manifest at {prefix} is that of {found}: the data was changed")
    return prefix


def _hyperparameters(request: TrainingRequest, plan: Plan) -> dict[str, str]:
    try:
        return parse_hyperparameters(request.hyperparameters, plan.hyperparameters).to_text()
    except HyperparameterError as error:
        raise OutsidePlanError(f"{error}; ask for less or amend the plan") from error
