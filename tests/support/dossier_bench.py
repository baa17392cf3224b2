"""A request with signatures and everything that its dossier is made from, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from approval_fakes import FakeEvidence, FakeSigner
from candidate_evidence import facts_for, passing_evaluation, real_plan

from vigil.approvals.dossier import Dossier
from vigil.approvals.dossier_build import build_dossier
from vigil.approvals.dossier_ports import DatasetRelease, DossierPorts, SourceError
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, SignatureFacts, SignatureRecord, Status
from vigil.approvals.serving import ServingRecord
from vigil.approvals.statement import statement_digest
from vigil.change_control.models import Plan
from vigil.datasets.models import DatasetProfile, Distribution
from vigil.models.models import Evaluation

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OLD_DATASET, OLDER_DATASET = "b" * 64, "c" * 64


@dataclass
class FakeDatasets:
    releases: dict[str, DatasetRelease] = field(default_factory=dict)
    profiles: dict[str, DatasetProfile] = field(default_factory=dict)

    def release(self, version: str) -> DatasetRelease:
        return self._found(self.releases, version)

    def profile(self, version: str) -> DatasetProfile:
        return self._found(self.profiles, version)

    @staticmethod
    def _found(store: dict[str, Any], version: str) -> Any:
        if version not in store:
            raise SourceError(f"nothing is known of {version}")
        return store[version]

    def add(self, version: str, women: float, before: str | None = None) -> None:
        quarter = f"202{len(self.releases)}q1"
        self.releases[version] = DatasetRelease(
            version, NOW - timedelta(days=10), "synthetic", (quarter,), {"train": 900}, ("few-weights",), before
        )
        sex = Distribution(kind="category", missing=0.1, shares=(("F", women), ("M", 1 - women)))
        same = Distribution(kind="category", missing=0.0, shares=(("US", 1.0),))
        self.profiles[version] = DatasetProfile(rows=1000, columns={"sex": sex, "reporter_country": same}, quarters={})


@dataclass
class DossierBench:
    """``request``: of a candidate; ``old``: the request of the model that serves, where one does."""

    plan: Plan = field(default_factory=real_plan)
    signer: FakeSigner = field(default_factory=FakeSigner)
    evidence: FakeEvidence = field(default_factory=lambda: FakeEvidence({}, {}, {}))
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    rows: dict[str, ApprovalRequest] = field(default_factory=dict)
    record: ServingRecord | None = None

    def serving(self) -> ServingRecord | None:
        return self.record

    def get(self, request_id: str) -> ApprovalRequest | None:
        return self.rows.get(request_id)

    @classmethod
    def make(cls) -> DossierBench:
        """A candidate on a newer dataset version than the model in service, which two people signed."""
        bench = cls()
        bench.datasets.add(OLDER_DATASET, women=0.5)
        bench.datasets.add(OLD_DATASET, women=0.6, before=OLDER_DATASET)
        bench.datasets.add("d" * 64, women=0.8, before=OLD_DATASET)
        old = passing_evaluation(bench.plan, dataset_version=OLD_DATASET, code_revision="revision-0")
        bench.rows["old"] = bench.signed_by_all(bench.open(old, "run-0"))
        package = bench.rows["old"].facts.model_package_arn
        bench.record = ServingRecord(package, "old", "2026-01-05T00:00:00.000000Z")
        bench.rows["new"] = bench.open(passing_evaluation(bench.plan))
        return bench

    def open(
        self, evaluation: Evaluation, run: str = "run-1", plan: Plan | None = None, attempt: int = 0
    ) -> ApprovalRequest:
        plan = plan or self.plan
        uri = f"s3://models/evaluations/{evaluation.digest}/evaluation.json"
        facts: Facts = facts_for(evaluation, plan, evaluation_uri=uri)
        self.evidence.plans[plan.digest] = plan
        self.evidence.evaluations[uri] = evaluation
        execution = f"arn:aws:states:us-east-1:123456789012:execution:train-and-promote:{run}"
        return ApprovalRequest(
            request_id=request_id_for(execution, "WaitForApproval", NOW, attempt),
            run_key="0123456789ab", status=Status.PENDING, facts=facts,
            execution_arn=execution,
            state_name="WaitForApproval", attempt=attempt, entered_at=NOW, created_at=NOW,
            expires_at=NOW + timedelta(days=14), token_ciphertext="ciphertext",
        )  # fmt: skip

    def signed(
        self, request: ApprovalRequest, who: str, role: str, meaning: Meaning, **changes: Any
    ) -> ApprovalRequest:
        """The request with one signature more."""
        said: dict[str, Any] = {
            "request_id": request.request_id, "attempt": request.attempt, "entered_at": request.entered_at,
            "expires_at": request.expires_at, "challenge_id": f"chl-{who}", "meaning": meaning, "comment": "",
            "subject": f"subject-of-{who}", "signer": who, "printed_name": who.title(), "role": role,
            "issuer": "https://issuer.example", "components": 2, "shown_at": NOW, "authenticated_at": NOW,
            "has_stake": False, "signed_at": NOW + timedelta(minutes=1), "signing_key": self.signer.key,
        }  # fmt: skip
        facts = SignatureFacts(**(said | changes))
        digest = statement_digest(request, facts)
        value = self.signer.sign(bytes.fromhex(digest)).value
        record = SignatureRecord(**facts.model_dump(), statement_digest=digest, signature=value)
        return request.model_copy(update={"signatures": [*request.signatures, record]})

    def signed_by_all(self, request: ApprovalRequest) -> ApprovalRequest:
        for who, seat in zip(("quinn", "ana"), self.plan.protocol.approval.signatures, strict=True):
            request = self.signed(request, who, seat.role, Meaning(seat.meaning))
        return request.model_copy(update={"status": Status.APPROVED})

    @property
    def ports(self) -> DossierPorts:
        return DossierPorts(self, self.evidence, self.signer, self, self.datasets)

    def dossier(self, request_id: str = "new") -> Dossier:
        return build_dossier(self.rows[request_id], self.ports)
