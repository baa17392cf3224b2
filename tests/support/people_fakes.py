"""People, their accounts at a provider, a ledger and alarms, in memory and safe for threads. All names are invented."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from approval_fakes import PASSWORD
from pydantic import SecretStr

from vigil.approvals.authentication import AuthenticationPorts, Signer, authenticate
from vigil.approvals.desk import Challenge
from vigil.approvals.errors import AuthenticationError
from vigil.approvals.models import Meaning, PasswordProof, Proof
from vigil.approvals.people import Person
from vigil.approvals.reminder_text import MailText
from vigil.approvals.sign_in import Identity, TokenVerifier
from vigil.audit.events import EventName
from vigil.audit.models import Entry, Record, link, start_of

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ISSUER = "https://pool.example/one"

ROLE = "model-owner"
__all__ = ["PASSWORD"]


@dataclass
class MemoryPeople:
    """``People``."""

    rows: dict[str, Person] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, username: str) -> Person | None:
        return self.rows.get(username)

    def insert(self, person: Person) -> bool:
        with self.lock:
            if person.username in self.rows:
                return False
            self.rows[person.username] = person
            return True

    def replace(self, person: Person) -> bool:
        with self.lock:
            if self.rows[person.username].revision != person.revision:
                return False
            self.rows[person.username] = person.model_copy(update={"revision": person.revision + 1})
            return True

    def all(self) -> list[Person]:
        return [self.rows[name] for name in sorted(self.rows)]


@dataclass
class MemoryLedger:
    """``LedgerWriter``."""

    clock: Clock
    records: list[Record] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, entry: Entry) -> Record:
        with self.lock:
            for known in self.records:
                if (known.chain, known.key) == (entry.chain, entry.key):
                    return known
            heads = [known for known in self.records if known.chain == entry.chain]
            record = link(entry, heads[-1] if heads else start_of(entry.chain), self.clock())  # type: ignore[arg-type]
            self.records.append(record)
            return record

    def of(self, event: EventName) -> list[Record]:
        return [record for record in self.records if record.event is event]


@dataclass
class FakePasswords:
    """``PasswordSignIn``: accounts by user name; counts what it was asked."""

    clock: Clock
    groups: dict[str, Iterable[str]]
    passwords: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    delay: timedelta = timedelta(0)
    failing: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def sign_in(self, username: str, password: SecretStr) -> Identity:
        self.asked.append(username)
        if self.failing is not None:
            raise self.failing
        if username not in self.groups or password.get_secret_value() != self.passwords.get(username, PASSWORD):
            raise AuthenticationError("the user name or the password is wrong, or the account may not sign")
        return Identity(
            issuer=ISSUER,
            subject=self.subjects.get(username, f"subject-of-{username}"),
            username=username,
            groups=frozenset(self.groups[username]),
            authenticated_at=self.clock() - self.delay,
        )


@dataclass
class FakeAlarms:
    failed: int = 0
    locked: list[tuple[str, datetime]] = field(default_factory=list)

    def sign_in_failed(self) -> None:
        self.failed += 1

    def account_locked(self, username: str, until: datetime) -> None:
        self.locked.append((username, until))


@dataclass
class FakeNotices:
    """``PeopleNotices``: to which address, and which facts."""

    told: list[tuple[str | None, dict[str, object]]] = field(default_factory=list)

    def tell(self, address: str | None, text: MailText, facts: dict[str, object]) -> None:
        self.told.append((address, facts))


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class SignInBench:
    """A desk's door: Ana holds a role, Olga another one; both have accounts."""

    clock: Clock
    people: MemoryPeople
    passwords: FakePasswords
    ledger: MemoryLedger
    alarms: FakeAlarms
    tokens: TokenVerifier | None = None

    @classmethod
    def make(cls) -> SignInBench:
        clock = Clock()
        people = MemoryPeople({name: person(name, role) for name, role in (("ana", ROLE), ("olga", "operators"))})
        passwords = FakePasswords(clock, {"ana": [ROLE], "olga": ["operators"]})
        return cls(clock, people, passwords, MemoryLedger(clock), FakeAlarms())

    @property
    def ports(self) -> AuthenticationPorts:
        return AuthenticationPorts(self.people, self.passwords, self.tokens, self.ledger, self.alarms, self.clock)

    def sign_in(self, proof: Proof, continuous_seconds: int = 0, expected: str | None = None) -> Signer:
        return authenticate(proof, challenge(self.clock()), self.ports, continuous_seconds, expected)


def person(username: str, role: str = ROLE, **changes: object) -> Person:
    known = {"username": username, "printed_name": f"{username.title()} Example", "roles": {role: NOW}}
    return Person.model_validate(known | changes)


def proof_of(username: str, password: str = PASSWORD) -> PasswordProof:
    return PasswordProof(username=username, password=SecretStr(password))


def challenge(shown_at: datetime = NOW, nonce: str = "ab" * 32) -> Challenge:
    """What was shown; the facts do not matter to who signs."""
    return Challenge.model_construct(
        challenge_id="challenge-1",
        request_id="request-1",
        meaning=Meaning.APPROVED,
        comment="",
        open_seats=[],
        nonce=nonce,
        shown_at=shown_at,
        expires_at=shown_at + timedelta(minutes=15),
    )
