"""A full dossier with invented but varied figures: what an approver's page has to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from candidate_evidence import facts_for, real_plan
from drawn_evaluation import drawn_evaluation

from vigil.approvals.dossier import Change, DatasetSummary, Dossier, FilledSeat, ServingModel
from vigil.approvals.models import ApprovalRequest, Status
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation

GROUPS = ("us", "non_us", "sex_F", "sex_M", "sex_missing", "age_0_17", "age_18_64", "age_65_up", "age_missing")
USUAL = {"auroc": 0.886, "average_precision": 0.905, "brier": 0.131}
USUAL |= {"calibration_error": 0.034, "recall_at_capacity": 0.801}


def varied_evaluation(plan: Plan, shift: float = 0.0, **changes: Any) -> Evaluation:
    """``shift`` moves every figure, so that two models can be told apart."""
    document = drawn_evaluation(plan, gain=1.6 + 8 * shift, **changes).model_dump(mode="json")
    groups = {name: {"n": 40 + 130 * place, "prevalence": 0.4 + 0.03 * place} for place, name in enumerate(GROUPS)}
    for split in document["splits"].values():
        split |= {"population": {"n": 1260, "prevalence": 0.553}, "subgroups": groups}
        split["difference"] = {name: {"value": 0.006, "low": -0.002, "high": 0.014} for name in USUAL}
        for role in ("baseline", "candidate"):
            split[role]["overall"] = _measures(shift)
            split[role]["subgroups"] = {name: _measures(shift - 0.012 * (i % 4)) for i, name in enumerate(GROUPS)}
    return Evaluation.model_validate(document)


def pending_request(plan: Plan, evaluation: Evaluation, now: datetime, **facts: Any) -> ApprovalRequest:
    people = {"requested_by": "airflow:dana", "plan_changed_by": "Pat <pat@example.org>"}
    return ApprovalRequest(
        request_id="apr-0123456789ab",
        run_key="run-1",
        status=Status.PENDING,
        facts=facts_for(evaluation, plan, **(people | facts)),
        execution_arn="arn:aws:states:us-east-1:123456789012:execution:vigil-demo-train-and-promote:run-1",
        state_name="WaitForApproval",
        attempt=0,
        entered_at=now - timedelta(days=11),
        created_at=now - timedelta(days=11),
        expires_at=now + timedelta(days=3, hours=2),
        token_ciphertext="c2VhbGVk",
    )


def dossier_of(request: ApprovalRequest, plan: Plan, evaluation: Evaluation, /, **changes: Any) -> Dossier:
    return Dossier(**({
        "request": request.public(),
        "plan": plan,
        "evaluation": evaluation,
        "problem": None,
        "seats": _seats(request, plan),
        "verified": [True] * len(request.signatures),
        "serving": ServingModel(
            model_package_arn="arn:aws:sagemaker:us-east-1:123456789012:model-package/vigil-demo-triage/6",
            approval_request_id="apr-fedcba987654",
            since="2026-01-12T08:00:00.000000Z",
            signed_by=["Quinn Ash", "Morgan Oak"],
            evaluation=_serving_evaluation(),
        ),
        "dataset": _dataset("d" * 64, ["2025q1", "2025q2", "2025q3"], 100_000),
        "serving_dataset": _dataset("e" * 64, ["2025q1", "2025q2"], 81_000),
        "changes": [
            Change(what="dataset version", before="e" * 12, after="d" * 12),
            Change(what="hyperparameter trees", before="400", after="500"),
            Change(what="code revision", before="revision-0", after="revision-1"),
        ],
        "drift_from_serving": [("reactions", 0.33, "terms of a new product")],
        "known_limits": [
            "The newest quarter holds 1,260 cases: intervals are about ±.02 wide.",
            "Reaction terms were coded after intake, so figures at intake may be lower.",
        ],
    } | changes))  # fmt: skip


@cache
def plan_and_evaluation() -> tuple[Plan, Evaluation]:
    plan = real_plan()
    return plan, varied_evaluation(plan)


@cache
def _serving_evaluation() -> Evaluation:
    return varied_evaluation(real_plan(), -0.015, artefact_digest="b" * 64, dataset_version="e" * 64)


def _measures(shift: float) -> dict[str, Any]:
    ends = {"value": 0.0, "low": -0.021, "high": 0.019}
    return {name: {end: round(value + shift + away, 6) for end, away in ends.items()} for name, value in USUAL.items()}


def _seats(request: ApprovalRequest, plan: Plan) -> list[FilledSeat]:
    by_role = {each.role: each for each in request.signatures}
    return [
        FilledSeat(
            seat=seat,
            printed_name=by_role[seat.role].printed_name if seat.role in by_role else None,
            signed_at=by_role[seat.role].signed_at if seat.role in by_role else None,
            deputies_may_sign=request.escalated_at is not None,
        )
        for seat in plan.protocol.approval.signatures
    ]


def _dataset(version: str, quarters: list[str], cases: int) -> DatasetSummary:
    return DatasetSummary(
        version=version,
        released_at=datetime.fromisoformat("2026-02-20T06:00:00+00:00"),
        quarters=quarters,
        cases={"train": cases, "validation": cases // 10, "test": 2400, "test_next": 1260},
        warnings=["reporter_country: one new value"],
        profile="synthetic",
        compared_with="c" * 64,
        drift=[("sender", 0.21, "one sender's batch grew"), ("age_years", 0.04, "little")],
    )
