"""Overriding a drift decision: who may, after a fresh sign-in, and what becomes of the decision."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from vigil.approvals.authentication import Signer
from vigil.approvals.errors import IncompleteDecisionError
from vigil.approvals.fresh_sign_in import AskedNow, asked_now, require_role
from vigil.approvals.models import LONGEST_ID, LONGEST_REASON, LONGEST_USER, PasswordProof
from vigil.change_control.models import ModificationProtocol
from vigil.monitoring.models import Because, Decide, DriftDecision, NewData

VIA = "override of a drift decision"


class OverrideOrder(BaseModel):
    """``expected_signer``: the person whom the interface knows; where given, the proof must be that person's."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    decision_id: str = Field(min_length=1, max_length=LONGEST_ID)
    decide: Decide
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    proof: PasswordProof
    expected_signer: str | None = Field(default=None, min_length=1, max_length=LONGEST_USER)


def asked_override(order: OverrideOrder, now: datetime) -> AskedNow:
    asked = order.model_dump(mode="json", include={"decision_id", "decide", "reason"})
    return asked_now("override", f"drift:{order.decision_id}", asked, now)


def require_override_role(signer: Signer, protocol: ModificationProtocol, now: datetime) -> str:
    """The role by which the signer may override. Raises ``NotEntitledError`` or ``TrainingExpiredError``."""
    roles = protocol.retraining.drift.override_roles
    return require_role(signer, roles, "override drift decisions", protocol.approval, now)


def overridden(
    decision: DriftDecision, order: OverrideOrder, username: str, now: datetime, new_data: NewData
) -> DriftDecision:
    """The decision as a person wants it. Raises ``IncompleteDecisionError`` without a reason."""
    reason = order.reason.strip()
    if not reason:
        raise IncompleteDecisionError("an override needs a reason")
    return decision.model_copy(
        update={
            "decide": order.decide,
            "because": Because.OVERRIDDEN,
            "new_data": new_data,
            "coalesced_into": None,
            "asking": None,
            "overridden_by": username,
            "override_reason": reason,
            "overridden_at": now,
        }
    )
