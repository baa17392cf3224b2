"""The gate with what it needs from AWS: the job's evaluation, kept under its digest, judged by the pinned plan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from vigil.approvals.errors import EvidenceError
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.objects import S3Uri
from vigil.aws.pinning import PinnedRun
from vigil.change_control.gate import Verdict, judge


class GateEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    run: PinnedRun
    evaluation_uri: str


class GateResult(BaseModel):
    """``evaluation_uri`` is the copy under the digest; ``summary`` is one line for people."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    summary: str
    evaluation_uri: str
    evaluation_digest: str


def gate_candidate(event: GateEvent, evidence: EvidenceStore) -> GateResult:
    """Raises ``EvidenceError`` when the evaluation is not of this run."""
    evaluation = evidence.read_evaluation(S3Uri.parse(event.evaluation_uri))
    for name in ("dataset_version", "plan_digest", "code_revision"):
        if getattr(evaluation, name) != getattr(event.run, name):
            raise EvidenceError(
                f"the evaluation's {name} is {getattr(evaluation, name)}, the run pinned {getattr(event.run, name)}"
            )
    plan = evidence.plan(event.run.plan_digest)
    if plan.digest != event.run.plan_digest:
        raise EvidenceError(f"the plan's digest is {plan.digest}, the run pinned {event.run.plan_digest}")
    verdict = judge(evaluation, plan)
    return GateResult(
        verdict=verdict,
        summary=verdict.summary,
        evaluation_uri=str(evidence.keep_evaluation(evaluation)),
        evaluation_digest=evaluation.digest,
    )
