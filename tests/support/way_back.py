"""What the functions of a roll-back get and leave, called one by one over one stack in memory."""

from __future__ import annotations

import json
from typing import Any

from moto_stack import MotoStack
from served_model import promote

from tasks.lambdas import pin_rollback
from vigil.approvals.models import ApprovalRequest, Facts
from vigil.audit.models import Entry
from vigil.aws.approval_ports import ledger_table
from vigil.aws.environment import load_parameters
from vigil.aws.pinning import run_key

PREFIX = "arn:aws:states:us-east-1:123456789012:execution:vigil-unit-"
OLD_KEY = run_key(f"{PREFIX}train-and-promote:old")
ISSUER, SUBJECT = "https://the-pool.example.org", "subject-of-dana"


def old_and_new(stack: MotoStack) -> tuple[Facts, Facts]:
    """Two promoted models: the first served, the second serves."""
    stack.add_people()

    def approve(request: ApprovalRequest) -> ApprovalRequest:
        return stack.approve(request.request_id)

    return promote(stack.parameters, "old", approve), promote(stack.parameters, "new", approve)


def through_json(value: object) -> Any:
    return json.loads(json.dumps(value))


def prove(execution: str, requested_by: str = "dana", reason: str = "recall fell") -> None:
    """What request_rollback records of the asker of the old model before it starts the execution."""
    ledger = ledger_table(load_parameters())
    opened = next(each for each in ledger.read(f"model:{OLD_KEY}") if each.event == "request.opened")
    entry = {
        "chain": f"model:{OLD_KEY}", "event": "rollback.asked", "key": f"rollback.asked#{execution}",
        "actor": {"name": requested_by, "via": ISSUER, "verified": True}, "subject": execution,
        "new": {"package": opened.details["facts"]["model_package_arn"]},
        "details": {"subject": SUBJECT, "role": "model-owner", "reason": reason},
    }  # fmt: skip
    ledger.append(Entry.model_validate(entry))


def pin_alone(execution: str, **request: str) -> Any:
    named = {
        "requested_by": "dana", "reason": "recall fell", "asked_via": ISSUER, "asked_subject": SUBJECT,
    } | request  # fmt: skip
    event = {"request": named, "execution_arn": execution, "execution_name": "n", "started_at": "2026-03-02T09:30:00Z"}
    return through_json(pin_rollback.handler(event, None))
