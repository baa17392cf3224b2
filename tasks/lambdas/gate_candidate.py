"""The change-control gate of train-and-promote: holds the evaluation against the pinned plan."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.candidate_gate import GateEvent, gate_candidate
from vigil.aws.environment import load_parameters
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.run_ledger import record_gate_judged


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters, judged = load_parameters(), GateEvent.model_validate(event)
    result = gate_candidate(judged, evidence_store(parameters))
    record_gate_judged(judged.run, result, acting_function(), required_ledger(parameters))
    return result.model_dump(mode="json")
