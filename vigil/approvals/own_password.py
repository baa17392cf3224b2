"""Choosing one's own password: the one thing about an account that its owner does, and nobody else.

The current password counts like one that signs: who guesses it here is locked out there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from vigil.approvals.administration import NotPossibleError
from vigil.approvals.administration_orders import ChoosePassword
from vigil.approvals.authentication import REFUSED
from vigil.approvals.errors import AuthenticationError, RevokedError
from vigil.approvals.lockout import begin_attempt, count_failure, give_back, settle_lock, succeed
from vigil.approvals.people import People, Person, canonical_username
from vigil.approvals.sessions import without_session
from vigil.approvals.sign_in import SignInAlarms
from vigil.approvals.sign_in_records import record_failed_change, record_own_password
from vigil.audit.ports import LedgerWriter
from vigil.moments import Clock

LONGEST_PASSWORD = 256


class OwnPasswords(Protocol):
    def choose(self, username: str, current: SecretStr, new: SecretStr) -> None:
        """Raises ``AuthenticationError`` for a wrong current one, ``NotPossibleError`` for a weak new one, and
        ``ProviderUnavailableError``."""


@dataclass(frozen=True)
class OwnPasswordPorts:
    people: People
    passwords: OwnPasswords
    ledger: LedgerWriter
    alarms: SignInAlarms
    clock: Clock


def choose_password(order: ChoosePassword, ports: OwnPasswordPorts) -> Person:
    person = ports.people.get(canonical_username(order.username))
    try:
        person = _choose(person, order, ports)
    except (AuthenticationError, RevokedError) as refusal:
        ports.alarms.sign_in_failed()
        record_failed_change(person, refusal, order.by, ports.ledger)
        raise
    record_own_password(person, order.by, ports.ledger)
    return person


def _choose(person: Person | None, order: ChoosePassword, ports: OwnPasswordPorts) -> Person:
    if person is None:
        raise AuthenticationError(REFUSED)
    if person.revoked_at is not None:
        raise RevokedError(f"{person.username} may not sign any more: ask an administrator")
    if order.new.get_secret_value() == order.current.get_secret_value():
        raise NotPossibleError("the new password must be another one")
    if not order.new.get_secret_value().strip() or len(order.new) > LONGEST_PASSWORD:
        raise NotPossibleError(f"the new password must have between one and {LONGEST_PASSWORD} characters")
    settle_lock(person, ports.ledger, ports.clock())
    attempt = begin_attempt(person, ports.people, ports.clock())
    try:
        ports.passwords.choose(person.username, order.current, order.new)
    except AuthenticationError:
        count_failure(attempt, ports.ledger, ports.alarms)
        raise
    except Exception:
        give_back(attempt, ports.people)
        raise
    return succeed(attempt, ports.people, without_session)
