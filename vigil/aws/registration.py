"""Registering a candidate: its artefact under the digest of its files, its model package pending approval."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.approvals.errors import EvidenceError
from vigil.approvals.models import Facts
from vigil.aws.artefacts import keep
from vigil.aws.environment import StackParameters
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.model_packages import ModelPackages
from vigil.aws.objects import S3Uri
from vigil.aws.pinning import PinnedRun
from vigil.aws.run_records import RUNNING, STOPPED, RunRecords
from vigil.change_control.gate import Verdict

JSON_TYPE = "application/json"


class RegisterEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    run: PinnedRun
    model_uri: str
    evaluation_uri: str
    evaluation_digest: str
    verdict: Verdict


def register_candidate(
    event: RegisterEvent,
    parameters: StackParameters,
    evidence: EvidenceStore,
    records: RunRecords,
    sagemaker: Any,
    s3: Any,
) -> Facts:
    """The facts that an approver will sign. Raises ``EvidenceError`` when the model is not the evaluated one.

    A retry makes no second package: the client token is the run's key.
    """
    evaluation = evidence.read_evaluation(S3Uri.parse(event.evaluation_uri))
    artefact = keep(S3Uri.parse(event.model_uri), parameters.buckets.models, s3)
    if (artefact.digest, event.evaluation_digest) != (evaluation.artefact_digest, evaluation.digest):
        raise EvidenceError(
            f"evaluated was the artefact {evaluation.artefact_digest}, the training left {artefact.digest}: train again"
        )
    run = event.run
    digests: dict[str, Any] = {
        "artefact_digest": artefact.digest,
        "dataset_version": run.dataset_version,
        "evaluation_digest": event.evaluation_digest,
        "plan_digest": run.plan_digest,
        "code_revision": run.code_revision,
    }
    answer = sagemaker.create_model_package(
        ModelPackageGroupName=parameters.sagemaker.model_package_group,
        ModelPackageDescription=f"Candidate of {run.execution_arn}",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": run.image, "ModelDataUrl": str(artefact.uri)}],
            "SupportedContentTypes": [JSON_TYPE],
            "SupportedResponseMIMETypes": [JSON_TYPE],
        },
        ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": JSON_TYPE, "S3Uri": event.evaluation_uri}}},
        CustomerMetadataProperties={**digests, "execution_arn": run.execution_arn[:256]},
        ClientToken=run.key.ljust(36, "0"),  # SageMaker wants up to 36 letters, digits and hyphens
    )
    package = str(answer["ModelPackageArn"])
    outcome = records.register(run.execution_arn, package)
    # The run ended meanwhile, and its end was recorded without this package. One that was stopped may be redriven, or
    # is this very run, redriven.
    if outcome not in (RUNNING, STOPPED):
        ModelPackages(sagemaker).set_status(package, "Rejected", f"{outcome}: the run ended while it registered this")
    return Facts(
        model_package_arn=package,
        artefact_uri=str(artefact.uri),
        image=run.image,
        evaluation_uri=event.evaluation_uri,
        verdict=event.verdict,
        requested_by=run.requested_by,
        sent_by=run.sent_by,
        plan_changed_by=run.plan_changed_by,
        **digests,
    )
