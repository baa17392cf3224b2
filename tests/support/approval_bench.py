"""One candidate on the table, with everything that approvals need around it, in memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from approval_fakes import (
    EXECUTION,
    NOW,
    PASSWORD,
    TOKEN,
    FakeClock,
    FakeEvidence,
    FakePins,
    FakeRuns,
    FakeServedModels,
    FakeServing,
    FakeSigner,
    FakeSignIns,
    FakeVault,
)
from candidate_evidence import facts_for, passing_evaluation, real_plan
from memory_approvals import MemoryPeople, MemoryStore
from memory_ledger import MemoryLedger

from vigil.approvals.desk import Challenge, SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, PasswordProof, WaitMessage
from vigil.approvals.open import open_request
from vigil.approvals.people import Person
from vigil.approvals.ports import DeliveryPorts, OpeningPorts, SigningPorts, VerificationPorts
from vigil.approvals.prepare import prepare
from vigil.approvals.sign import sign
from vigil.approvals.verify import PINNED
from vigil.aws.approvals_table import ApprovalsTable
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.people_table import PeopleTable
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation

RUN_KEY = "0123456789ab"
#: Whom the tests know: user name → roles. Dana asked for the training, Pat changed the plan, Olga signs nothing.
ROLES = {
    "ana": ["model-owner"], "ben": ["model-owner"], "quinn": ["quality-assurance"], "quentin": ["quality-assurance"],
    "both": ["model-owner", "quality-assurance"], "dana": ["model-owner"], "pat": ["quality-assurance"],
    "mo": ["model-owner-deputy"], "qi": ["quality-assurance-deputy"], "olga": [],
}  # fmt: skip


def people_of(roles: dict[str, list[str]]) -> MemoryPeople:
    """All trained a month ago."""
    trained = NOW - timedelta(days=30)
    return MemoryPeople(
        *(
            Person(username=name, printed_name=name.title(), roles=dict.fromkeys(held, trained))
            for name, held in roles.items()
        )
    )


@dataclass
class Bench:
    plan: Plan
    evaluation: Evaluation
    facts: Facts
    clock: FakeClock
    ledger: MemoryLedger
    store: MemoryStore
    people: MemoryPeople
    sign_ins: FakeSignIns
    signer: FakeSigner
    vault: FakeVault
    evidence: FakeEvidence
    runs: FakeRuns
    pins: FakePins
    models: FakeServedModels
    ids: itertools.count[int]
    serving: FakeServing = field(default_factory=FakeServing)

    @classmethod
    def make(cls, roles: dict[str, list[str]] | None = None) -> Bench:
        plan, clock, people = real_plan(), FakeClock(), people_of(ROLES if roles is None else roles)
        evaluation, ledger = passing_evaluation(plan), MemoryLedger(clock)
        facts = facts_for(evaluation, plan)
        evidence = FakeEvidence(
            {plan.digest: plan}, {facts.evaluation_uri: evaluation}, {facts.artefact_uri: facts.artefact_digest}
        )
        return cls(
            plan, evaluation, facts, clock, ledger, MemoryStore(ledger, people), people, FakeSignIns(clock, people),
            FakeSigner(), FakeVault(), evidence, FakeRuns(), FakePins(), FakeServedModels(), itertools.count(1),
        )  # fmt: skip

    @property
    def opening(self) -> OpeningPorts:
        return OpeningPorts(
            self.store, self.ledger, self.vault, self.signer, self.evidence, self.serving, self.clock
        )  # fmt: skip

    @property
    def signing(self) -> SigningPorts:
        return SigningPorts(
            self.store, self.store, self.ledger, self.sign_ins, self.people, self.signer, self.evidence, self.serving,
            self.clock, lambda: f"id-{next(self.ids)}",
        )  # fmt: skip

    @property
    def delivery(self) -> DeliveryPorts:
        return DeliveryPorts(
            self.store, self.signer, self.vault, self.evidence, self.runs, self.clock
        )  # fmt: skip

    @property
    def verification(self) -> VerificationPorts:
        return VerificationPorts(
            self.store, self.ledger, self.signer, self.evidence, self.pins, self.models, self.clock
        )  # fmt: skip

    def message(self, execution: str = EXECUTION, token: str = TOKEN, **changes: Any) -> WaitMessage:
        document = {
            "run_key": RUN_KEY, "task_token": token, "execution_arn": execution, "state_name": "WaitForApproval",
            "attempt": 0, "entered_at": self.clock(), "timeout_seconds": 1209600, "facts": self.facts,
        }  # fmt: skip
        return WaitMessage(**(document | changes))

    def open(self, execution: str = EXECUTION, token: str = TOKEN, **changes: Any) -> ApprovalRequest:
        """A run that waits, and its request."""
        self.runs.waiting[token] = execution
        self.pins.runs[execution] = {**self.facts.model_dump(include=set(PINNED)), "key": RUN_KEY}
        return open_request(self.message(execution, token, **changes), self.opening).request

    def show(self, request: ApprovalRequest, meaning: Meaning, comment: str = "") -> Challenge:
        return prepare(
            SigningOrder(request_id=request.request_id, meaning=meaning, comment=comment), self.signing
        )  # fmt: skip

    def answer(self, challenge: Challenge, user: str, password: str = PASSWORD, **more: Any) -> SigningResult:
        proof = proof_of(user, password)
        return sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof, **more), self.signing)

    def sign(self, request: ApprovalRequest, meaning: Meaning, user: str, comment: str = "") -> ApprovalRequest:
        """Show and sign in one go; the request as it is then."""
        self.answer(self.show(request, meaning, comment), user)
        return self.stored(request)

    def review(self, request: ApprovalRequest, user: str = "quinn") -> ApprovalRequest:
        return self.sign(request, Meaning.REVIEWED, user)

    def approve(self, request: ApprovalRequest, user: str = "ana") -> ApprovalRequest:
        return self.sign(request, Meaning.APPROVED, user)

    def reject(self, request: ApprovalRequest, user: str = "ana", comment: str = "no") -> ApprovalRequest:
        return self.sign(request, Meaning.REJECTED, user, comment)

    def approved(self, execution: str = EXECUTION, token: str = TOKEN) -> ApprovalRequest:
        """A request with both signatures."""
        return self.approve(self.review(self.open(execution, token)))

    def stored(self, request: ApprovalRequest) -> ApprovalRequest:
        found = self.store.get(request.request_id)
        assert found is not None
        return found

    def with_evidence(self, **changes: Any) -> Bench:
        return replace(self, evidence=replace(self.evidence, **changes))


def on_tables(bench: Bench, client: Any, tables: Any) -> Bench:
    """The same bench, and its people, with the real tables behind a DynamoDB client."""
    ledger: Any = LedgerTable(client, tables.ledger, bench.clock)
    store: Any = ApprovalsTable(client, tables.approvals, ledger, tables.people)
    people: Any = PeopleTable(client, tables.people)
    for person in bench.people.all():
        people.insert(person)
    return replace(bench, ledger=ledger, store=store, people=people, sign_ins=replace(bench.sign_ins, people=people))


def proof_of(username: str, password: str = PASSWORD) -> PasswordProof:
    return PasswordProof.model_validate({"username": username, "password": password})
