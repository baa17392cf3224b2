"""The change-control gate of train-and-promote: holds the evaluation against the pinned plan."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.candidate_gate import GateEvent, gate_candidate
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    result = gate_candidate(GateEvent.model_validate(event), evidence_store(load_parameters()))
    return result.model_dump(mode="json")
