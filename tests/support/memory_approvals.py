"""The approvals table in memory: one lock stands for DynamoDB's transactions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from memory_ledger import MemoryLedger

from vigil.approvals.desk import Challenge
from vigil.approvals.errors import ChallengeError
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.people import People, Person
from vigil.approvals.ports import KeptChallenge
from vigil.audit.models import Entry


class MemoryStore:
    """``ApprovalStore`` and ``Challenges``, conditional like the table."""

    def __init__(self, ledger: MemoryLedger, people: People) -> None:
        self.people = people
        self.rows: dict[str, ApprovalRequest] = {}
        self.challenges: dict[str, Challenge] = {}
        self.used: set[str] = set()
        self._ledger = ledger
        self._lock = threading.RLock()

    def get(self, request_id: str) -> ApprovalRequest | None:
        return self.rows.get(request_id)

    def insert(self, request: ApprovalRequest, entries: Sequence[Entry]) -> bool:
        with self._lock:
            if request.request_id in self.rows:
                return False
            self._record(entries)
            self.rows[request.request_id] = request
            return True

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        return [row for row in list(self.rows.values()) if row.status is status]

    def replace(self, before: ApprovalRequest, after: ApprovalRequest, entry: Entry) -> bool:
        return self._replace(before, after, [entry])

    def _record(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._ledger.append(entry)

    def _replace(self, before: ApprovalRequest, after: ApprovalRequest, entries: Sequence[Entry]) -> bool:
        with self._lock:
            row = self.rows[before.request_id]
            if (row.revision, row.status) != (before.revision, before.status):
                return False
            assert after.revision == before.revision + 1
            self._record(entries)
            self.rows[before.request_id] = after
            return True

    def sign(
        self,
        before: ApprovalRequest,
        after: ApprovalRequest,
        entries: Sequence[Entry],
        challenge_id: str,
        at: datetime,
        signer: Person,
    ) -> bool:
        with self._lock:
            if challenge_id in self.used:
                raise ChallengeError("this was signed already")
            known = self.people.get(signer.username)
            if known is None or known.revision != signer.revision:
                return False
            row = self.rows[before.request_id]
            if row.status is not Status.PENDING or row.expires_at <= at or not self._replace(before, after, entries):
                return False
            self.used.add(challenge_id)
            return True

    def claim(self, request_id: str, execution_arn: str) -> bool:
        with self._lock:
            row = self.rows[request_id]
            if row.status is not Status.APPROVED or row.applied_by not in (None, execution_arn):
                return False
            self.change(request_id, applied_by=execution_arn, revision=row.revision + 1)
            return True

    def keep(self, challenge: Challenge) -> None:
        self.challenges[challenge.challenge_id] = challenge

    def challenge(self, challenge_id: str) -> KeptChallenge | None:
        found = self.challenges.get(challenge_id)
        return None if found is None else KeptChallenge(found, challenge_id in self.used)

    def change(self, request_id: str, **fields: Any) -> None:
        """Also what an attacker with write access to the table can do."""
        self.rows[request_id] = self.rows[request_id].model_copy(update=fields)


class MemoryPeople:
    """``People``; ``change`` is what an administrator did."""

    def __init__(self, *people: Person) -> None:
        self.rows = {person.username: person for person in people}

    def get(self, username: str) -> Person | None:
        return self.rows.get(username)

    def insert(self, person: Person) -> bool:
        if person.username in self.rows:
            return False
        self.rows[person.username] = person
        return True

    def replace(self, person: Person) -> bool:
        if self.rows[person.username].revision != person.revision:
            return False
        self.rows[person.username] = person.model_copy(update={"revision": person.revision + 1})
        return True

    def all(self) -> list[Person]:
        return [self.rows[name] for name in sorted(self.rows)]

    def change(self, username: str, **fields: Any) -> None:
        revision = self.rows[username].revision + 1
        self.rows[username] = self.rows[username].model_copy(update={"revision": revision, **fields})
