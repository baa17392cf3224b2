"""What people sign in for afresh without a desk's challenge: one act, fixed by its own words at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from vigil.approvals.authentication import Signer
from vigil.approvals.errors import NotEntitledError
from vigil.approvals.training import require_training
from vigil.change_control.models import ApprovalRules
from vigil.digests import digest_of
from vigil.moments import timestamp


class AskedNow(BaseModel):
    """What is signed in for (``Asked``): this act, now."""

    model_config = ConfigDict(frozen=True)

    challenge_id: str
    request_id: str
    nonce: str
    shown_at: datetime


def asked_now(act: str, subject: str, said: Mapping[str, object], now: datetime) -> AskedNow:
    """``act`` begins the attempt's id; ``subject`` names what it is about, ``said`` all that is asked of it."""
    nonce = digest_of({**said, "at": timestamp(now)})
    return AskedNow(challenge_id=f"{act}-{nonce[:32]}", request_id=subject, nonce=nonce, shown_at=now)


def require_role(signer: Signer, roles: Sequence[str], act: str, rules: ApprovalRules, now: datetime) -> str:
    """The first of ``roles`` that the signer holds, with training that is current.

    Raises ``NotEntitledError``, which says that they may not ``act``, or ``TrainingExpiredError``.
    """
    held = [role for role in roles if role in signer.authentication.groups]
    if not held:
        raise NotEntitledError(f"{signer.authentication.username} may not {act}: ask a {' or '.join(roles)}")
    require_training(signer.person, held[0], rules, now)
    return held[0]
