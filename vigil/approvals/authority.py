"""Authority to sign: the person whom the interface knows, freshly signed in, in a role of the plan, trained for it.

21 CFR 11.10(g) (authority checks), 11.10(i) (training), 11.200(a) (use by the genuine owner only).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vigil.approvals.desk import Challenge
from vigil.approvals.errors import AuthenticationError, RevokedError, WrongPersonError
from vigil.approvals.lockout import refuse_locked
from vigil.approvals.models import ApprovalRequest, Authentication, Meaning
from vigil.approvals.people import People, Person, canonical_username
from vigil.approvals.ports import ProvenSigner
from vigil.approvals.quorum import Candidate, Place, choose_place
from vigil.approvals.timing import is_for
from vigil.approvals.training import require_training
from vigil.change_control.models import ApprovalRules


def refuse_another(username: str, expected: str | None) -> None:
    """The interface knows who sits there: nobody signs in another's window (21 CFR 11.200(a)(2))."""
    if expected is not None and canonical_username(expected) != canonical_username(username):
        raise WrongPersonError(f"you are signed in here as {expected}: only {expected} can sign here")


def refuse_stale(authentication: Authentication, challenge: Challenge, now: datetime) -> None:
    """Authentication has looked at this too; here it is asked of the moment that the signature will carry."""
    if not is_for(authentication.authenticated_at, challenge.shown_at, now):
        raise AuthenticationError("the sign-in is not of now: sign in again for this signature, after it was shown")


@dataclass(frozen=True)
class Known:
    """A ``ProvenSigner`` as the record has them at another moment."""

    authentication: Authentication
    person: Person


def known_now(proven: ProvenSigner, people: People, now: datetime) -> Known:
    """Who has proven who they are, by the record of now. Raises ``RevokedError`` or ``LockedOutError``."""
    said = proven.authentication
    person = people.get(said.username)
    if person is None or person.revoked_at is not None:
        raise RevokedError(f"{said.username} may not sign any more: ask an administrator")
    refuse_locked(person, now)
    return Known(said.model_copy(update={"groups": said.groups & frozenset(person.roles)}), person)


def all_names(proven: ProvenSigner) -> tuple[str, ...]:
    """Everything by which the signer may be known elsewhere, the user name first: git knows people by mail address."""
    said, record = proven.authentication, proven.person
    names = (said.username, said.printed_name, record.printed_name, record.email, said.subject)
    return tuple(dict.fromkeys(name for name in names if name))


def require_authority(
    request: ApprovalRequest, rules: ApprovalRules, proven: ProvenSigner, meaning: Meaning, now: datetime
) -> Place:
    """The seat to sign in. Raises ``NotEntitledError``, ``SeatFilledError`` or ``TrainingExpiredError``."""
    authentication = proven.authentication
    names = all_names(proven)
    place = choose_place(request, rules, Candidate(authentication.subject, names, authentication.groups), meaning, now)
    require_training(proven.person, place.role, rules, now)
    return place
