"""A request's facts together with what of its evidence still holds."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.approvals.errors import ApprovalError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.models import Facts
from vigil.approvals.ports import Evidence
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation


@dataclass(frozen=True)
class HeldEvidence:
    """``plan`` and ``evaluation`` are None where they do not hold; ``problem`` says why."""

    facts: Facts
    plan: Plan | None
    evaluation: Evaluation | None
    problem: str | None


def hold_evidence(facts: Facts, evidence: Evidence) -> HeldEvidence:
    plan = None
    try:
        plan = pinned_plan(facts, evidence)
        return HeldEvidence(facts, plan, check_evidence(facts, plan, evidence), None)
    except ApprovalError as error:
        return HeldEvidence(facts, plan, None, str(error))
