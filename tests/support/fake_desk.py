"""A desk in memory, for the pages: it signs nothing, counts what is asked of it, and refuses as the real one does."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from approver_dossier import dossier_of, pending_request, plan_and_evaluation
from pydantic import SecretStr

from vigil.approvals.desk import Challenge, ShownSigner, ShownWait, SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.dossier import Dossier
from vigil.approvals.errors import (
    AlreadyDecidedError,
    AuthenticationError,
    IncompleteDecisionError,
    UnknownRequestError,
    WrongPersonError,
)
from vigil.approvals.models import ApprovalRequest, Meaning, PasswordProof, SignatureRecord, Status
from vigil.audit.models import Actor
from vigil.change_control.models import Seat

PASSWORD = "correct horse battery"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
SESSION = "session-secret-0123456789"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class FakeDesk:
    """``people``: user name → (printed name, role). ``refusals``: operation → what it raises."""

    def __init__(self, now: datetime = NOW, **facts: Any) -> None:
        self.now = now
        self.plan, self.evaluation = plan_and_evaluation()
        request = pending_request(self.plan, self.evaluation, now, **facts)
        self.rows: dict[str, ApprovalRequest] = {request.request_id: request}
        self.people = {"ana": ("Ana Example", "quality-assurance"), "omar": ("Omar Example", "model-owner")}
        self.calls: Counter[str] = Counter()
        self.readers: list[Actor] = []
        self.answers: list[SigningAnswer] = []
        self.challenges: dict[str, Challenge] = {}
        self.refusals: dict[str, Exception] = {}
        self.forbidden: set[str] = set()
        self.changes: dict[str, Any] = {}
        self.session: str | None = None

    @property
    def request(self) -> ApprovalRequest:
        return next(iter(self.rows.values()))

    def change(self, **changes: Any) -> None:
        self.rows[self.request.request_id] = self.request.model_copy(update=changes)

    def requests(self) -> list[dict[str, object]]:
        self._called("requests")
        return [row.public() | self._waits_for(row) for row in self.rows.values()]

    def show(self, request_id: str, reader: Actor) -> Dossier:
        self._called("show")
        self.readers.append(reader)
        return dossier_of(self._row(request_id), self.plan, self.evaluation, **self.changes)

    def prepare(self, order: SigningOrder, reader: Actor) -> Challenge:
        self._called("prepare")
        row = self._row(order.request_id)
        if row.status is not Status.PENDING:
            raise AlreadyDecidedError(f"request {row.request_id} is {row.status}; that decision stands")
        if order.meaning is Meaning.REJECTED and not order.comment.strip():
            raise IncompleteDecisionError("a rejection needs a comment: say why")
        challenge = Challenge(
            challenge_id=f"chl-{self.calls['prepare']:04d}",
            request_id=row.request_id,
            meaning=order.meaning,
            comment=order.comment,
            facts=row.facts,
            wait=ShownWait.model_validate(row.model_dump(include=set(ShownWait.model_fields))),
            signer=self._shown(order.expected_signer),
            signing_key=KEY,
            open_seats=self._open(row),
            nonce="9" * 64,
            shown_at=self.now,
            expires_at=self.now + timedelta(minutes=15),
        )
        self.challenges[challenge.challenge_id] = challenge
        return challenge

    def sign(self, answer: SigningAnswer) -> SigningResult:
        self._called("sign")
        self.answers.append(answer)
        challenge = self.challenges.pop(answer.challenge_id, None)
        if challenge is None:
            raise AuthenticationError("this confirmation was used or is over: start again from the request")
        username = self._authenticated(answer)
        printed_name, role = self.people[username]
        row = self._row(challenge.request_id)
        row = row.model_copy(
            update={"signatures": [*row.signatures, self._signature(challenge, username, printed_name, role)]}
        )
        if challenge.meaning is Meaning.REJECTED:
            row = row.model_copy(update={"status": Status.REJECTED, "decided_at": self.now})
        elif not self._open(row):
            row = row.model_copy(update={"status": Status.APPROVED, "decided_at": self.now})
        self.rows[row.request_id] = row
        return SigningResult(
            request=row.public(),
            signed_as=printed_name,
            missing=self._open(row),
            session=SecretStr(self.session) if self.session else None,
            session_expires_at=self.now + timedelta(minutes=10) if self.session else None,
        )

    def _authenticated(self, answer: SigningAnswer) -> str:
        proof = answer.proof
        username = proof.username if isinstance(proof, PasswordProof) else (answer.expected_signer or "")
        if answer.expected_signer is not None and username != answer.expected_signer:
            raise WrongPersonError(f"you are known here as {answer.expected_signer}: nobody signs for somebody else")
        if getattr(proof, "password", SecretStr("")).get_secret_value() != PASSWORD or username not in self.people:
            raise AuthenticationError("the user name or the password is wrong; nothing was signed")
        return username

    def _shown(self, signer: str | None) -> ShownSigner | None:
        if signer not in self.people:
            return None
        printed_name, role = self.people[signer]
        return ShownSigner(signer=signer, printed_name=printed_name, role=role, deputy_role=None, has_stake=False)

    def _signature(self, challenge: Challenge, username: str, printed_name: str, role: str) -> SignatureRecord:
        row = self.rows[challenge.request_id]
        return SignatureRecord(
            request_id=row.request_id, attempt=row.attempt, entered_at=row.entered_at, expires_at=row.expires_at,
            challenge_id=challenge.challenge_id, meaning=challenge.meaning, comment=challenge.comment,
            subject=f"sub-{username}", signer=username, printed_name=printed_name, role=role,
            issuer="https://issuer.example", components=2, shown_at=challenge.shown_at, authenticated_at=self.now,
            signed_at=self.now, signing_key=KEY, statement_digest="7" * 64,
            signature="c2lnbmF0dXJl", has_stake=False,
        )  # fmt: skip

    def _open(self, row: ApprovalRequest) -> list[Seat]:
        filled = {each.role for each in row.signatures}
        return [seat for seat in self.plan.protocol.approval.signatures if seat.role not in filled]

    def _waits_for(self, row: ApprovalRequest) -> dict[str, object]:
        waits = row.status is Status.PENDING
        return {"open_seats": [seat.model_dump(mode="json") for seat in self._open(row)]} if waits else {}

    def _row(self, request_id: str) -> ApprovalRequest:
        if request_id not in self.rows:
            raise UnknownRequestError(f"there is no approval request {request_id!r}: see the list of requests")
        return self.rows[request_id]

    def _called(self, operation: str) -> None:
        self.calls[operation] += 1
        assert operation not in self.forbidden, f"nothing here may call {operation}"
        if operation in self.refusals:
            raise self.refusals[operation]
