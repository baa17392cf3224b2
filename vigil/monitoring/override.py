"""Overriding a drift decision: who may, after a fresh sign-in, and what becomes of the decision."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from vigil.approvals.authentication import Signer
from vigil.approvals.errors import IncompleteDecisionError, NotEntitledError
from vigil.approvals.models import LONGEST_ID, LONGEST_REASON, LONGEST_USER, PasswordProof
from vigil.approvals.training import require_training
from vigil.change_control.models import ModificationProtocol
from vigil.digests import digest_of
from vigil.moments import timestamp
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


class AskedOverride(BaseModel):
    """What is signed in for (``Asked``): this override, now."""

    model_config = ConfigDict(frozen=True)

    challenge_id: str
    request_id: str
    nonce: str
    shown_at: datetime


def asked_override(order: OverrideOrder, now: datetime) -> AskedOverride:
    asked = order.model_dump(mode="json", include={"decision_id", "decide", "reason"})
    nonce = digest_of(asked | {"at": timestamp(now)})
    subject = f"drift:{order.decision_id}"
    return AskedOverride(challenge_id=f"override-{nonce[:32]}", request_id=subject, nonce=nonce, shown_at=now)


def require_override_role(signer: Signer, protocol: ModificationProtocol, now: datetime) -> str:
    """The role by which the signer may override. Raises ``NotEntitledError`` or ``TrainingExpiredError``."""
    roles = protocol.retraining.drift.override_roles
    held = [role for role in roles if role in signer.authentication.groups]
    if not held:
        raise NotEntitledError(
            f"{signer.authentication.username} may not override drift decisions: ask a {' or '.join(roles)}"
        )
    require_training(signer.person, held[0], protocol.approval, now)
    return held[0]


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
