"""Wrong passwords count, and too many lock the account (21 CFR 11.300(d)).

An attempt is counted *before* the provider is asked, in a conditional write, and forgiven when it succeeds: of any
number at once, no more than the limit ever reach the provider. The write of the last permitted attempt locks the
account, so that a crash after it leaves the account locked and not open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.approvals.errors import AuthenticationError, LockedOutError
from vigil.approvals.people import NO_SESSION, People, Person
from vigil.approvals.sign_in import SignInAlarms
from vigil.approvals.sign_in_records import record_lock
from vigil.audit.ports import LedgerWriter

#: Room for somebody who types badly. NIST SP 800-63B (5.2.2) allows up to 100 wrong ones in a row.
MOST_FAILURES = 5
#: At most 240 guesses a day against 14 characters; short enough that nobody calls for help before a signature is due.
LOCKED_FOR = timedelta(minutes=30)
#: More than a function may run: who tried a password has its answer by then.
ATTEMPT_LASTS = timedelta(minutes=5)
#: Each round of a conditional write lets one through, and after five of them everyone else is refused without a write.
MOST_WRITES = 50


@dataclass(frozen=True)
class Attempt:
    """A counted try. ``locks_until`` is set for the last permitted one: unless it succeeds, the account is locked."""

    person: Person
    locks_until: datetime | None


def is_locked(person: Person, now: datetime) -> bool:
    return person.locked_until is not None and now < person.locked_until


def refuse_locked(person: Person, now: datetime) -> None:
    if is_locked(person, now):
        raise _locked_out(person)


def begin_attempt(person: Person, people: People, now: datetime) -> Attempt:
    """Count one more failure ahead of time. Raises ``LockedOutError``; then the provider must not be asked."""

    def count(stored: Person) -> Person:
        refuse_locked(stored, now)
        failures = 1 if stored.locked_until is not None else stored.failures + 1  # a lock that ended starts anew
        until = now + LOCKED_FOR if failures >= MOST_FAILURES else None
        ended = NO_SESSION if until else {}
        return stored.model_copy(update={"failures": failures, "locked_until": until} | ended)

    counted = change(person.username, people, count)
    return Attempt(counted, counted.locked_until)


def count_failure(attempt: Attempt, ledger: LedgerWriter, alarms: SignInAlarms) -> None:
    """The attempt stays counted; where it was the last permitted one, that the account is locked is told."""
    if attempt.locks_until is not None:
        alarms.account_locked(attempt.person.username, attempt.locks_until)  # first: nothing may hold it up
        record_lock(attempt.person, attempt.locks_until, MOST_FAILURES, ledger)


def settle_lock(person: Person, ledger: LedgerWriter, now: datetime) -> None:
    """Record a lock that was not: the ledger did not answer then, or the function ended first. At the next attempt."""
    until = person.locked_until
    if until is not None and now >= until - LOCKED_FOR + ATTEMPT_LASTS:  # else its attempt may still succeed
        record_lock(person, until, MOST_FAILURES, ledger)


def give_back(attempt: Attempt, people: People) -> None:
    """The provider did not answer: the attempt does not count."""

    def uncount(stored: Person) -> Person:
        return stored.model_copy(update={"failures": max(0, stored.failures - 1)} | _unlocked(attempt, stored))

    change(attempt.person.username, people, uncount)


def succeed(attempt: Attempt, people: People, also: Callable[[Person], Person]) -> Person:
    """Forgive what was counted, and apply ``also`` in the same write.

    Raises ``LockedOutError`` where other attempts have locked the account meanwhile: a right password does not open it.
    """

    def forgive(stored: Person) -> Person:
        if stored.locked_until is not None and stored.locked_until != attempt.locks_until:
            raise _locked_out(stored)
        return also(stored).model_copy(update={"failures": 0, "locked_until": None})

    return change(attempt.person.username, people, forgive)


def change(username: str, people: People, step: Callable[[Person], Person]) -> Person:
    """Replace a record by what ``step`` makes of it, however many others do so at this moment; the new record."""
    for _ in range(MOST_WRITES):
        stored = people.get(username)
        if stored is None:
            raise AuthenticationError(f"there is no person {username}")
        wanted = step(stored)
        if people.replace(wanted):
            return wanted.model_copy(update={"revision": stored.revision + 1})
    raise AuthenticationError("too many sign-ins under this user name at once: try again")


def _locked_out(person: Person) -> LockedOutError:
    return LockedOutError(
        f"the account {person.username} is locked after too many wrong passwords: "
        f"wait {int(LOCKED_FOR.total_seconds() // 60)} minutes, or ask an administrator"
    )


def _unlocked(attempt: Attempt, stored: Person) -> dict[str, None]:
    own = attempt.locks_until is not None and stored.locked_until == attempt.locks_until
    return {"locked_until": None} if own else {}
