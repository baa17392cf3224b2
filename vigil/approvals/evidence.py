"""Holding the evidence against the facts: is what lies in the store still what the request names?"""

from __future__ import annotations

from vigil.approvals.errors import EvidenceError
from vigil.approvals.models import Facts
from vigil.approvals.ports import Evidence
from vigil.change_control.gate import judge
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation


def pinned_plan(facts: Facts, evidence: Evidence) -> Plan:
    """The plan that the run was held against. Raises ``EvidenceError`` if it is not the one that was pinned."""
    plan = evidence.plan(facts.plan_digest)
    if plan.digest != facts.plan_digest:
        raise EvidenceError(f"the plan's digest is {plan.digest}, the request names {facts.plan_digest}")
    return plan


def check_evidence(facts: Facts, plan: Plan, evidence: Evidence) -> Evaluation:
    """The evaluation, if it is the one named, belongs to the artefact, and the gate still lets it pass."""
    evaluation = evidence.evaluation(facts)
    if evaluation.digest != facts.evaluation_digest:
        raise EvidenceError(
            f"the evaluation was changed: its digest is {evaluation.digest}, the request names "
            f"{facts.evaluation_digest}; train again"
        )
    for name in ("artefact_digest", "dataset_version", "plan_digest", "code_revision"):
        if getattr(evaluation, name) != getattr(facts, name):
            raise EvidenceError(
                f"the evaluation is of another {name} ({getattr(evaluation, name)}) than the request "
                f"({getattr(facts, name)}); train again"
            )
    if judge(evaluation, plan) != facts.verdict or not facts.verdict.passed:
        raise EvidenceError("the gate does not give the verdict that the request shows; train again")
    return evaluation
