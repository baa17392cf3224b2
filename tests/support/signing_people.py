"""The signing bench with real authentication in front: accounts at a provider, the people of the record, lock-out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from approval_bench import ROLES, Bench, people_of
from approval_fakes import FakeEvidence
from candidate_evidence import facts_for, passing_evaluation, real_plan
from people_fakes import FakeAlarms, FakePasswords

from vigil.approvals.authentication import AuthenticationPorts
from vigil.aws.approval_ports import StackSignIns
from vigil.change_control.models import Plan


@dataclass
class Desk:
    """``bench.sign`` and the like go through ``SignIns``; ``passwords`` is the provider."""

    bench: Bench
    passwords: FakePasswords
    alarms: FakeAlarms

    @property
    def ports(self) -> AuthenticationPorts:
        ports: AuthenticationPorts = self.bench.sign_ins.ports  # type: ignore[attr-defined]
        return ports


def desk(continuous_seconds: int = 0) -> Desk:
    bench, plan = Bench.make(), _plan(continuous_seconds)
    evaluation = passing_evaluation(plan)
    facts = facts_for(evaluation, plan)
    evidence = FakeEvidence(
        {plan.digest: plan}, {facts.evaluation_uri: evaluation}, {facts.artefact_uri: facts.artefact_digest}
    )
    people, alarms = people_of(ROLES), FakeAlarms()
    bench.store.people = people
    passwords: Any = FakePasswords(bench.clock, dict(ROLES))  # type: ignore[arg-type]
    sign_ins: Any = StackSignIns(AuthenticationPorts(people, passwords, None, bench.ledger, alarms, bench.clock))
    bench = replace(
        bench, plan=plan, evaluation=evaluation, facts=facts, evidence=evidence, people=people, sign_ins=sign_ins
    )
    return Desk(bench, passwords, alarms)


def _plan(continuous_seconds: int) -> Plan:
    document = real_plan().model_dump(mode="json")
    document["modification_protocol"]["approval"]["continuous_signing_seconds"] = continuous_seconds
    return Plan.model_validate(document)
