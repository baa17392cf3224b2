"""What a run of train-and-promote leaves in the ledger before people are asked: asked for, started, judged, registered.

Each is recorded once: its key does not change when a function is called again.
"""

from __future__ import annotations

from vigil.approvals.models import Facts
from vigil.approvals.redaction import redact_text
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.audit.ports import LedgerWriter
from vigil.aws.candidate_gate import GateResult
from vigil.aws.pinning import PinnedRun, run_key
from vigil.models.models import TrainingRequest

#: What decides what comes out of a run (``PinnedRun``).
PINNED = ("dataset_version", "plan_digest", "code_revision", "image", "hyperparameters", "instance_type")


def claimed(name: str, via: str = "the training request") -> Actor:
    """Somebody whom a request names: nobody has proven it to us."""
    return Actor(name=name, via=via, verified=False)


def record_run_requested(execution_arn: str, message_id: str, request: TrainingRequest, ledger: LedgerWriter) -> None:
    """A message asked for a run. Who sent it is what SQS says; whom it names is what the message says."""
    sender = claimed(request.requested_by)
    if request.sent_by:
        sender = Actor(name=request.sent_by, via="SQS SenderId", verified=True)
    ledger.append(
        Entry(
            chain=model_chain(run_key(execution_arn)),
            event=EventName.RUN_REQUESTED,
            key=f"{EventName.RUN_REQUESTED}#{message_id}",
            actor=sender,
            subject=execution_arn,
            new={"dataset_version": request.dataset_version, "hyperparameters": request.hyperparameters},
            details={"requested_by": request.requested_by, "reason": redact_text(request.reason)},
        )
    )


def record_run_started(pinned: PinnedRun, ledger: LedgerWriter) -> None:
    ledger.append(
        Entry(
            chain=model_chain(pinned.key),
            event=EventName.RUN_STARTED,
            key=EventName.RUN_STARTED,
            actor=claimed(pinned.requested_by),
            subject=pinned.execution_arn,
            new={name: getattr(pinned, name) for name in PINNED},
            details={"reason": redact_text(pinned.reason), "outputs_uri": pinned.outputs_uri},
        )
    )


def record_gate_judged(run: PinnedRun, result: GateResult, judge: Actor, ledger: LedgerWriter) -> None:
    """The verdict with each criterion. Another evaluation of the same run, after a redrive, is judged anew."""
    verdict = result.verdict.model_dump(mode="json")
    ledger.append(
        Entry(
            chain=model_chain(run.key),
            event=EventName.GATE_JUDGED,
            key=f"{EventName.GATE_JUDGED}#{result.evaluation_digest}",
            actor=judge,
            subject=run.execution_arn,
            new={"passed": verdict["passed"], "outcome": verdict["outcome"]},
            details={
                "criteria": verdict["criteria"],
                "evaluation_digest": result.evaluation_digest,
                "evaluation_uri": result.evaluation_uri,
                "plan_digest": run.plan_digest,
            },
        )
    )


def record_candidate(run: PinnedRun, facts: Facts, registrar: Actor, ledger: LedgerWriter) -> None:
    ledger.append(
        Entry(
            chain=model_chain(run.key),
            event=EventName.CANDIDATE_REGISTERED,
            key=f"{EventName.CANDIDATE_REGISTERED}#{facts.artefact_digest}#{facts.evaluation_digest}",
            actor=registrar,
            subject=facts.model_package_arn,
            new=facts.model_dump(mode="json", exclude={"verdict"}),
            details={"execution_arn": run.execution_arn, "outcome": facts.verdict.outcome},
        )
    )
