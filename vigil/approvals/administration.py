"""Administering people: who may sign in which role. Every act is in the ledger, in one transaction with its change.

An administrator never learns or sets a password, not even a temporary one (21 CFR 11.200(a)(3)): it is made up here
and mailed to its owner alone, and signs nothing until the owner has chosen another. So the mail address of a person
never changes here: who could change it could take the account over. Nobody gives a right to sign to themselves. Each
act is told to the person and to those who watch the stack's topic: who reads the mail of another could still pass for
them, and would be seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import SecretStr

from vigil.approvals.administration_orders import AddPerson, Reset, Revoke, SignOut, Train, Unlock
from vigil.approvals.identity import is_same_person
from vigil.approvals.people import NO_SESSION, Person, canonical_username
from vigil.approvals.people_notices import PeopleNotices, tell
from vigil.approvals.sessions import without_session
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.moments import Clock, timestamp

SAYS = "aws caller, as the command says"  # a function is not told by whom it was invoked
MOST_WRITES = 20
TEMPORARY_BYTES = 18
TEMPORARY_SUFFIX = "aA1!"  # what the pool's policy asks for, whatever chance gives


class AdministrationError(Exception):
    """Nothing was changed; the message says what to do. ``exit_code`` is documented in ``vigil people --help``."""

    exit_code = 1


class UnknownPersonError(AdministrationError):
    exit_code = 3


class NameTakenError(AdministrationError):
    """The user name is or was somebody's (21 CFR 11.100(a))."""

    exit_code = 4


class NotPossibleError(AdministrationError):
    exit_code = 5


class Accounts(Protocol):
    """Accounts at the stack's own provider. Each call may be repeated."""

    def create(self, username: str, printed_name: str, email: str, temporary: SecretStr) -> str:
        """A new account that must choose a password first; its subject. The temporary one is mailed to its owner."""

    def add_role(self, username: str, role: str) -> None:
        """Raises ``NotPossibleError`` where there is no such role."""

    def remove_role(self, username: str, role: str) -> None: ...

    def reset(self, username: str, temporary: SecretStr) -> None:
        """The account must choose a password again; the temporary one is mailed to its owner."""

    def disable(self, username: str) -> None: ...


class RecordedPeople(Protocol):
    """The people of the record, each change in one transaction with its entry in the ledger."""

    def get(self, username: str) -> Person | None: ...

    def all(self) -> list[Person]: ...

    def insert(self, person: Person, entry: Entry) -> bool:
        """False if the user name is or ever was somebody's."""

    def replace(self, person: Person, entry: Entry) -> bool:
        """False if ``person.revision`` is not the stored one."""


@dataclass(frozen=True)
class AdministrationPorts:
    """``issuer`` is that of the stack's own accounts."""

    people: RecordedPeople
    accounts: Accounts
    notices: PeopleNotices
    issuer: str
    clock: Clock


def add_person(order: AddPerson, ports: AdministrationPorts) -> Person:
    username = canonical_username(order.username)
    _refuse_own(order, username, order.printed_name, order.email)
    taken = NameTakenError(f"{username} is or was somebody's user name, and no name is given twice: choose another")
    if ports.people.get(username) is not None:
        raise taken
    _refuse_known(order, ports.people.all())
    trained = _not_after(order.trained_at, ports.clock())
    issuer, subject = order.issuer, order.subject
    if issuer is None:
        issuer, subject = ports.issuer, _create_account(username, order, ports.accounts)
    person = Person(
        username=username,
        printed_name=order.printed_name.strip(),
        email=order.email,
        roles=dict.fromkeys(sorted(order.roles), trained),
        issuer=issuer,
        subject=subject,
    )
    entry = _entry(EventName.PERSON_ADDED, username, order.by, None, person)
    if not ports.people.insert(person, entry):
        raise taken
    tell(person, entry, ports.notices)
    return person


def train(order: Train, ports: AdministrationPorts) -> Person:
    """The role is given too, where the person did not hold it."""
    trained = _not_after(order.trained_at, ports.clock())
    person = _active(order.username, ports)
    _refuse_own(order, person.username, person.printed_name, person.email)
    if person.issuer == ports.issuer:
        ports.accounts.add_role(person.username, order.role)
    return _changed(order, ports, lambda known: known.roles | {order.role: trained}, "trained")


def revoke(order: Revoke, ports: AdministrationPorts) -> Person:
    """First in the record, where it counts at once; then at the provider. May be repeated."""
    person = _known(order.username, ports)
    own = person.issuer == ports.issuer
    if order.role is not None:
        if order.role not in person.roles:
            raise NotPossibleError(f"{person.username} does not have the role {order.role}")
        left = {role: at for role, at in person.roles.items() if role != order.role}
        person = _changed(order, ports, lambda _: left, f"lost the role {order.role}: {order.reason}")
        if own:
            ports.accounts.remove_role(person.username, order.role)
        return person
    if person.revoked_at is None:
        now = ports.clock()
        person = _replace(
            person.username,
            ports,
            lambda known: without_session(known).model_copy(update={"revoked_at": known.revoked_at or now}),
            lambda before, after: _entry(
                EventName.PERSON_REVOKED, before.username, order.by, before, after, reason=order.reason
            ),
        )
    if own:
        ports.accounts.disable(person.username)
    return person


def unlock(order: Unlock, ports: AdministrationPorts) -> Person:
    person = _active(order.username, ports)
    _refuse_own(order, person.username, person.printed_name, person.email)
    return _changed(order, ports, None, "unlocked", {"failures": 0, "locked_until": None})


def reset(order: Reset, ports: AdministrationPorts) -> Person:
    person = _active(order.username, ports)
    if person.issuer != ports.issuer:
        raise NotPossibleError(f"{person.username} signs with {person.issuer}: the password is changed there")
    if person.email is None:
        raise NotPossibleError(
            f"{person.username} has no mail address to which a password could be sent unseen: "
            "revoke this user name, and add the person under another one"
        )
    person = _changed(order, ports, None, "password reset", dict(NO_SESSION))
    ports.accounts.reset(person.username, _temporary())
    return person


def sign_out(order: SignOut, ports: AdministrationPorts) -> Person:
    """Ends a continuous period of signing."""
    return _changed(order, ports, None, "signed out", dict(NO_SESSION))


def shown(person: Person) -> dict[str, Any]:
    """A person as others may see it: nothing of sessions."""
    return person.model_dump(mode="json", exclude=set(NO_SESSION))


def _create_account(username: str, order: AddPerson, accounts: Accounts) -> str:
    if order.email is None:
        raise NotPossibleError("give the person's own mail address, to which a temporary password is sent")
    subject = accounts.create(username, order.printed_name.strip(), order.email, _temporary())
    for role in order.roles:
        accounts.add_role(username, role)
    return subject


def _temporary() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(TEMPORARY_BYTES) + TEMPORARY_SUFFIX)


def _refuse_own(order: AddPerson | Train | Unlock, *names: str | None) -> None:
    """As far as ``by`` is true: an administrator's session is named after who opened it."""
    caller = order.by.rpartition("/")[2]  # of arn:aws:sts::123456789012:assumed-role/ROLE/SESSION
    if is_same_person(caller, *(name for name in names if name)):
        raise NotPossibleError(f"you are {caller}, and nobody gives themselves a right to sign: ask an administrator")


def _refuse_known(order: AddPerson, people: list[Person]) -> None:
    """One person has one user name (21 CFR 11.100(a)): with two, one alone could fill two seats."""
    for other in people:
        if other.revoked_at is not None:
            continue
        if order.email is not None and other.email is not None and order.email.casefold() == other.email.casefold():
            raise NotPossibleError(f"{other.username} has this mail address, and one person has one user name")
        if order.subject is not None and (other.issuer, other.subject) == (order.issuer, order.subject):
            raise NotPossibleError(f"{other.username} signs with this account, and one person has one user name")


def _not_after(given: datetime | None, now: datetime) -> datetime:
    if given is not None and given > now:
        raise NotPossibleError("nobody was trained in the future: give the day on which it was")
    return given or now


def _known(username: str, ports: AdministrationPorts) -> Person:
    person = ports.people.get(canonical_username(username))
    if person is None:
        raise UnknownPersonError(f"there is no person {username}: see `vigil people list`")
    return person


def _active(username: str, ports: AdministrationPorts) -> Person:
    person = _known(username, ports)
    if person.revoked_at is not None:
        raise NotPossibleError(f"{person.username} was revoked at {timestamp(person.revoked_at)}, for good")
    return person


def _changed(
    order: Train | Revoke | Unlock | Reset | SignOut,
    ports: AdministrationPorts,
    roles: Callable[[Person], dict[str, datetime]] | None,
    what: str,
    fields: dict[str, Any] | None = None,
) -> Person:
    def step(known: Person) -> Person:
        return known.model_copy(update=(fields or {}) | ({"roles": roles(known)} if roles else {}))

    def entry(before: Person, after: Person) -> Entry:
        return _entry(EventName.PERSON_CHANGED, before.username, order.by, before, after, what=what)

    return _replace(_known(order.username, ports).username, ports, step, entry)


def _replace(
    username: str,
    ports: AdministrationPorts,
    step: Callable[[Person], Person],
    entry: Callable[[Person, Person], Entry],
) -> Person:
    for _ in range(MOST_WRITES):
        before = _known(username, ports)
        after = step(before)
        change = entry(before, after)
        if ports.people.replace(after, change):
            tell(after, change, ports.notices)
            return after.model_copy(update={"revision": before.revision + 1})
    raise NotPossibleError(f"others change {username} at this moment: try again")


def _entry(event: EventName, username: str, by: str, old: Person | None, new: Person, **details: str) -> Entry:
    return Entry(
        chain=STACK_CHAIN,
        event=event,
        key=f"{event}#{username}#{new.revision + 1 if old else 0}",
        actor=Actor(name=by, via=SAYS, verified=False),
        subject=f"person:{username}",
        old=old and shown(old),
        new=shown(new),
        details=dict(details),
    )
