"""Build the dossier of one request: the evidence held against its facts, beside the model in service.

It runs in the function that signs, so nothing here needs numpy or a plot. What cannot be read is said in its place: a
model in service whose evidence is gone must not keep anybody from seeing the candidate's.
"""

from __future__ import annotations

from vigil.approvals.dossier import DatasetSummary, Dossier, FilledSeat, ServingModel
from vigil.approvals.dossier_changes import changes
from vigil.approvals.dossier_ports import Datasets, DossierPorts, SourceError
from vigil.approvals.errors import ApprovalError, SignatureInvalidError
from vigil.approvals.held_evidence import HeldEvidence, hold_evidence
from vigil.approvals.known_limits import known_limits
from vigil.approvals.models import ApprovalRequest, SignatureRecord
from vigil.approvals.ports import Signer
from vigil.approvals.serving import ServingRecord, beside
from vigil.approvals.statement import check_signature
from vigil.change_control.models import Plan
from vigil.datasets.drift import ColumnDrift, compare

SHOWN_COLUMNS = 8  # of a drift: those that moved most
Drift = list[tuple[str, float, str]]


def build_dossier(request: ApprovalRequest, ports: DossierPorts) -> Dossier:
    """Everything about ``request`` that a signer should see, as it is now; of one that waits no more, beside the model
    that its signers saw in service."""
    candidate = hold_evidence(request.facts, ports.evidence)
    verified = [verifies(request, each, ports.signer) for each in request.signatures]
    shown = beside(request, ports.serving)
    serving, before = _serving(shown.record, ports)
    dataset = _summary(request.facts.dataset_version, ports.datasets)
    serving_version = before.facts.dataset_version if before else None
    moved, unknown = _drift_between(serving_version, request.facts.dataset_version, ports.datasets)
    return Dossier(
        request=request.public(),
        plan=candidate.plan,
        evaluation=candidate.evaluation,
        problem=candidate.problem,
        seats=_seats(request, verified, candidate.plan),
        verified=verified,
        serving=serving,
        beside=shown.words,
        dataset=dataset,
        serving_dataset=_summary(serving_version, ports.datasets) if serving_version else None,
        drift_from_serving=moved,
        changes=changes(candidate, before),
        known_limits=known_limits(candidate, before) + unknown,
    )


def verifies(request: ApprovalRequest, signature: SignatureRecord, signer: Signer) -> bool:
    """Whether the key signed exactly what the row says now, for this wait."""
    try:
        check_signature(request, signature, signer)
    except SignatureInvalidError:
        return False
    return True


def _seats(request: ApprovalRequest, verified: list[bool], plan: Plan | None) -> list[FilledSeat]:
    """The plan's seats in its order. A signature that does not verify fills none."""
    if plan is None:
        return []
    holding = [each for each, holds in zip(request.signatures, verified, strict=True) if holds]
    seats = []
    for seat in plan.protocol.approval.signatures:
        found = next((each for each in holding if (each.role, each.meaning) == (seat.role, seat.meaning)), None)
        seats.append(
            FilledSeat(
                seat=seat,
                printed_name=found.printed_name if found else None,
                signed_at=found.signed_at if found else None,
                deputies_may_sign=seat.deputy is not None and request.escalated_at is not None,
            )
        )
    return seats


def _serving(record: ServingRecord | None, ports: DossierPorts) -> tuple[ServingModel | None, HeldEvidence | None]:
    if record is None:
        return None, None
    model = ServingModel(
        model_package_arn=record.model_package_arn,
        approval_request_id=record.approval_request_id,
        since=record.since,
        signed_by=[],
        evaluation=None,
    )
    try:
        request = ports.requests.get(record.approval_request_id)
    except ApprovalError as error:
        return model.model_copy(update={"problem": str(error)}), None
    if request is None:
        return model.model_copy(update={"problem": "its approval request is not in the table any more"}), None
    found = hold_evidence(request.facts, ports.evidence)
    signed_by = [_signed(request, each, ports.signer) for each in request.signatures]
    return (
        model.model_copy(
            update={"signed_by": signed_by, "evaluation": found.evaluation, "problem": found.problem},
        ),
        found,
    )


def _signed(request: ApprovalRequest, signature: SignatureRecord, signer: Signer) -> str:
    """Printed name, meaning and time (21 CFR 11.50), and whether it holds."""
    text = f"{signature.printed_name} ({signature.role}, {signature.meaning}), {signature.signed_at:%Y-%m-%d %H:%M} UTC"
    return text if verifies(request, signature, signer) else f"{text}: THIS SIGNATURE DOES NOT VERIFY"


def _summary(version: str, datasets: Datasets) -> DatasetSummary:
    try:
        release = datasets.release(version)
    except SourceError as error:
        return DatasetSummary(
            version=version, released_at=None, quarters=[], cases={}, warnings=[], drift=[], problem=str(error)
        )
    drift: Drift = []
    problem = None
    try:
        drift = _drift(release.compared_with, version, datasets)
    except SourceError as error:
        problem = f"its drift cannot be shown: {error}"
    return DatasetSummary(
        version=version,
        released_at=release.released_at,
        quarters=list(release.quarters),
        cases=release.cases,
        warnings=list(release.warnings),
        drift=drift,
        profile=release.profile,
        compared_with=release.compared_with,
        problem=problem,
    )


def _drift_between(before: str | None, after: str, datasets: Datasets) -> tuple[Drift, list[str]]:
    """And, where it cannot be measured, that as a limit of what is known."""
    try:
        return _drift(before, after, datasets), []
    except SourceError as error:
        return [], [f"How far the data are from those of the model in service is not known: {error}"]


def _drift(before: str | None, after: str, datasets: Datasets) -> Drift:
    if before is None or before == after:
        return []
    found = compare(datasets.profile(before), datasets.profile(after))
    ranked = sorted(found.items(), key=lambda pair: (-pair[1].distance, -abs(pair[1].missing), pair[0]))
    return [(name, drift.distance, _words(drift)) for name, drift in ranked[:SHOWN_COLUMNS]]


def _words(drift: ColumnDrift) -> str:
    moved = [f"{shift.value} {shift.before:.1%} → {shift.after:.1%}" for shift in drift.shifts[:3]]
    if round(drift.missing, 3):
        moved.append(f"no value {drift.missing * 100:+.1f} percentage points")
    return "; ".join(moved) or "nothing moved"
