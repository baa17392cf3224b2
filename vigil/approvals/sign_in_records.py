"""What the ledger keeps of sign-ins that failed. No password, no token, and no name that we do not know: people type
passwords into the wrong field."""

from __future__ import annotations

import secrets
from datetime import datetime

from vigil.approvals.desk import Challenge
from vigil.approvals.people import Person
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.audit.ports import LedgerWriter
from vigil.moments import timestamp

DESK = "approval desk"
UNKNOWN = "unknown"


def record_failure(person: Person | None, refusal: Exception, challenge: Challenge, ledger: LedgerWriter) -> None:
    name = person.username if person else UNKNOWN
    ledger.append(
        Entry(
            chain=STACK_CHAIN,
            event=EventName.SIGN_IN_FAILED,
            key=f"{EventName.SIGN_IN_FAILED}#{challenge.challenge_id}#{secrets.token_hex(8)}",
            actor=Actor(name=name, via=DESK, verified=False),
            subject=f"person:{name}",
            details={
                "request_id": challenge.request_id,
                "challenge_id": challenge.challenge_id,
                "error": type(refusal).__name__,
            },
        )
    )


def record_lock(person: Person, until: datetime, failures: int, ledger: LedgerWriter) -> None:
    ledger.append(
        Entry(
            chain=STACK_CHAIN,
            event=EventName.ACCOUNT_LOCKED,
            key=f"{EventName.ACCOUNT_LOCKED}#{person.username}#{timestamp(until)}",
            actor=Actor(name=DESK, via="function", verified=True),
            subject=f"person:{person.username}",
            old="open",
            new="locked",
            details={"until": timestamp(until), "failures": failures},
        )
    )
