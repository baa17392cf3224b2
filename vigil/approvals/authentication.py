"""Who signs: the two components are checked for this one signature (21 CFR 11.200(a)(1)), and the person behind them.

An identity counts only as that of a person in our own record who was not revoked, is not locked out, and to whom the
user name was bound for good (11.100(a)). The printed name is the record's. It is not compared with the provider's: the
binding tells who it is, while providers write names in their own ways.

No answer tells whether a user name exists, until its owner is locked out or revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from vigil.approvals.authority import refuse_another
from vigil.approvals.errors import ApprovalError, AuthenticationError, ProviderUnavailableError, RevokedError
from vigil.approvals.lockout import (
    Attempt,
    begin_attempt,
    count_failure,
    give_back,
    refuse_locked,
    settle_lock,
    succeed,
)
from vigil.approvals.models import Authentication, PasswordProof, Proof, SessionProof, TokenProof
from vigil.approvals.people import People, Person, canonical_username
from vigil.approvals.sessions import holds, owner_of
from vigil.approvals.sign_in import Asked, Identity, PasswordSignIn, SignInAlarms, TokenVerifier
from vigil.approvals.sign_in_records import DESK, record_failure
from vigil.approvals.timing import CLOCK_SKEW
from vigil.audit.ports import LedgerWriter
from vigil.moments import Clock

#: The same words for a wrong password, a name that nobody has, and an account of somebody who is not in our record.
REFUSED = "the user name or the password is wrong, or the account may not sign"


@dataclass(frozen=True)
class AuthenticationPorts:
    """``tokens`` is None where the stack has no OpenID provider beside its own user pool."""

    people: People
    passwords: PasswordSignIn
    tokens: TokenVerifier | None
    ledger: LedgerWriter
    alarms: SignInAlarms
    clock: Clock


@dataclass(frozen=True)
class Signer:
    """Who signs. ``authentication.groups`` are the roles that provider *and* record give the person.

    ``by_password``: proven by a password of our own pool, so that a continuous period may begin (``begin_session``).
    """

    authentication: Authentication
    person: Person
    by_password: bool


def authenticate(
    proof: Proof,
    challenge: Asked,
    ports: AuthenticationPorts,
    continuous_seconds: int,
    expected_signer: str | None = None,
    via: str = DESK,
) -> Signer:
    """Raises ``AuthenticationError`` or a kind of it. Every refusal is in the ledger, and wrong passwords count.

    ``expected_signer``: the only person whose proof may pass; others are refused before a password is tried.
    ``continuous_seconds`` is the plan's: 0 refuses a proof of one component. ``via``: what asks, for the ledger.
    """
    try:
        if isinstance(proof, TokenProof):
            return _by_token(proof, challenge, ports, expected_signer)
        if isinstance(proof, SessionProof):
            return _by_session(proof, challenge, ports, continuous_seconds, expected_signer)
        return _by_password(proof, challenge, ports, expected_signer)
    except ApprovalError as refusal:
        # Who gives another's proof counts, as somebody may be trying; a provider that is out proves nothing of anybody.
        if not isinstance(refusal, ProviderUnavailableError):
            ports.alarms.sign_in_failed()
        record_failure(_claimed(proof, ports.people), refusal, challenge, ports.ledger, via)
        raise


def _by_password(proof: PasswordProof, challenge: Asked, ports: AuthenticationPorts, expected: str | None) -> Signer:
    person = _person(proof.username, ports.people)
    refuse_another(person.username, expected)
    attempt = _begin(person, ports)
    return _try_password(proof.password, attempt, challenge, ports, components=2)


def _by_session(
    proof: SessionProof,
    challenge: Asked,
    ports: AuthenticationPorts,
    continuous_seconds: int,
    expected: str | None,
) -> Signer:
    if not continuous_seconds:
        raise AuthenticationError("the plan asks for user name and password at each signature: give both")
    person = _person(owner_of(proof.session), ports.people)
    refuse_another(person.username, expected)
    attempt = _begin(person, ports)
    if not holds(person, proof.session, ports.clock(), continuous_seconds):
        # Counted: else the password could be tried without the other component, and sessions could be guessed.
        count_failure(attempt, ports.ledger, ports.alarms)
        raise AuthenticationError("the period of continuous signing has ended: give user name and password")
    return _try_password(proof.password, attempt, challenge, ports, components=1)


def _begin(person: Person, ports: AuthenticationPorts) -> Attempt:
    now = ports.clock()
    settle_lock(person, ports.ledger, now)
    return begin_attempt(person, ports.people, now)


def _try_password(
    password: SecretStr, attempt: Attempt, challenge: Asked, ports: AuthenticationPorts, components: int
) -> Signer:
    try:
        identity = ports.passwords.sign_in(attempt.person.username, password)
        _refuse_stale(identity, challenge, ports.clock())
        _refuse_other_identity(identity, attempt.person, ports.people)
    except AuthenticationError:
        count_failure(attempt, ports.ledger, ports.alarms)
        raise
    except Exception:
        give_back(attempt, ports.people)  # without an answer nobody has learnt anything about the password
        raise
    person = succeed(attempt, ports.people, _bound_to(identity))
    return _signer(identity, person, components, by_password=True)


def _by_token(proof: TokenProof, challenge: Asked, ports: AuthenticationPorts, expected: str | None) -> Signer:
    if ports.tokens is None:
        raise AuthenticationError("this stack has no OpenID provider for signing: give user name and password")
    identity = ports.tokens.verify(proof.id_token, challenge.nonce)
    now = ports.clock()
    _refuse_stale(identity, challenge, now)
    person = _person(identity.username, ports.people)
    refuse_another(person.username, expected)
    settle_lock(person, ports.ledger, now)
    refuse_locked(person, now)
    _refuse_other_identity(identity, person, ports.people)
    attempt = begin_attempt(person, ports.people, now)
    return _signer(identity, succeed(attempt, ports.people, _bound_to(identity)), components=2, by_password=False)


def _person(username: str, people: People) -> Person:
    person = people.get(canonical_username(username))
    if person is None:
        raise AuthenticationError(REFUSED)
    if person.revoked_at is not None:
        raise RevokedError(f"{person.username} may not sign any more: ask an administrator")
    return person


def _refuse_stale(identity: Identity, challenge: Asked, now: datetime) -> None:
    """The sign-in is for what was shown: after it, and not from the future, within the clocks' difference."""
    if not challenge.shown_at - CLOCK_SKEW <= identity.authenticated_at <= now + CLOCK_SKEW:
        raise AuthenticationError("the sign-in is not of now: sign in again for this signature, after it was shown")


def _refuse_other_identity(identity: Identity, person: Person, people: People) -> None:
    """A user name is one account's for good, and an account has one user name (21 CFR 11.100(a))."""
    known, given = (person.issuer, person.subject), (identity.issuer, identity.subject)
    if known == given:
        return
    if person.subject is not None:
        raise AuthenticationError(f"the user name {person.username} belongs to another account: ask an administrator")
    for other in people.all():
        if (other.issuer, other.subject) == given:
            raise AuthenticationError(f"this account signs as another user name than {person.username}")


def _bound_to(identity: Identity) -> Callable[[Person], Person]:
    def bind(person: Person) -> Person:
        """Asked for each stored revision, so that a revocation or another binding of this moment is seen."""
        if person.revoked_at is not None:
            raise RevokedError(f"{person.username} may not sign any more: ask an administrator")
        if person.subject not in (None, identity.subject) or person.issuer not in (None, identity.issuer):
            raise AuthenticationError(f"the user name {person.username} belongs to another account")
        return person.model_copy(update={"issuer": identity.issuer, "subject": identity.subject})

    return bind


def _signer(identity: Identity, person: Person, components: int, by_password: bool) -> Signer:
    authentication = Authentication(
        subject=identity.subject,
        username=person.username,
        printed_name=person.printed_name,
        groups=identity.groups & frozenset(person.roles),
        issuer=identity.issuer,
        authenticated_at=identity.authenticated_at,
        components=2 if components == 2 else 1,
    )
    return Signer(authentication, person, by_password)


def _claimed(proof: Proof, people: People) -> Person | None:
    """Whose failure it is; None where no such person is known, or where only an unproven token says so."""
    if isinstance(proof, TokenProof):
        return None
    name = proof.username if isinstance(proof, PasswordProof) else owner_of(proof.session)
    return people.get(canonical_username(name))
