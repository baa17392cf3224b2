"""Who asks for a roll-back has proven it: signed in afresh, in a role that may sign, recorded before anything starts.

Four eyes looks at who asked. A name that a caller may choose would let a signer ask as somebody else, and then decide.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from vigil.approvals.authentication import Signer
from vigil.approvals.fresh_sign_in import AskedNow, asked_now, require_role
from vigil.approvals.models import LONGEST_MODEL, LONGEST_REASON, LONGEST_USER, PasswordProof
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.change_control.models import ApprovalRules
from vigil.digests import digest_of

VIA = "request for a roll-back"


class AskForRollback(BaseModel):
    """``model``: a model package's ARN or a run key. ``expected_signer``: the person whom the interface knows; where
    given, the proof must be that person's."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str = Field(min_length=1, max_length=LONGEST_MODEL)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")
    proof: PasswordProof
    expected_signer: str | None = Field(default=None, min_length=1, max_length=LONGEST_USER)


def asked_rollback(ask: AskForRollback, model_package_arn: str, now: datetime) -> AskedNow:
    said = {"model_package_arn": model_package_arn, "reason": ask.reason}
    return asked_now("rollback", f"rollback:{model_package_arn}", said, now)


def require_asker(signer: Signer, rules: ApprovalRules, now: datetime) -> str:
    """The role by which the signer may ask: any that may come to sign under the plan in force, deputies too."""
    return require_role(signer, rules.groups, "ask for a roll-back", rules, now)


def proven(signer: Signer) -> Actor:
    return Actor(name=signer.authentication.username, via=signer.authentication.issuer, verified=True)


def asked_entry(
    run_key: str, execution_arn: str, signer: Signer, role: str, model_package_arn: str, reason: str
) -> Entry:
    """Recorded before the execution starts; once for each execution, person and reason."""
    details = {"subject": signer.authentication.subject, "role": role, "reason": reason}
    actor, new = proven(signer), {"package": model_package_arn}
    return Entry(
        chain=model_chain(run_key),
        event=EventName.ROLLBACK_ASKED,
        key=f"{EventName.ROLLBACK_ASKED}#{execution_arn}#{digest_of([actor.name, new, details])}",
        actor=actor,
        subject=execution_arn,
        new=new,
        details=details,
    )


def refusal_entry(run_key: str, model_package_arn: str, signer: Signer, why: Exception, attempt: str) -> Entry:
    """Somebody who has proven who they are may not ask."""
    return Entry(
        chain=model_chain(run_key),
        event=EventName.ROLLBACK_ASKING_REFUSED,
        key=f"{EventName.ROLLBACK_ASKING_REFUSED}#{attempt}",
        actor=proven(signer),
        subject=model_package_arn,
        details={"error": type(why).__name__, "why": str(why)[:1000]},
    )
