"""What the ledger keeps of sign-ins that failed. No password, no token, and no name that we do not know: people type
passwords into the wrong field.

A refusal stands, and alarms go out, whether or not the ledger takes the record; the log then has it.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from vigil.approvals.people import Person
from vigil.approvals.sign_in import Asked
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.audit.ports import LedgerWriter
from vigil.moments import timestamp

logger = logging.getLogger(__name__)

DESK = "approval desk"
UNKNOWN = "unknown"


def record_failure(
    person: Person | None, refusal: Exception, challenge: Asked, ledger: LedgerWriter, via: str = DESK
) -> None:
    of = {"request_id": challenge.request_id, "challenge_id": challenge.challenge_id}
    _record_failure(person, refusal, via, of, ledger)


def record_failed_change(person: Person | None, refusal: Exception, by: str, ledger: LedgerWriter) -> None:
    """Somebody gave a wrong password, or for somebody who may have none, when they wanted to choose another one."""
    _record_failure(person, refusal, "choice of a password", {"asked_by": by}, ledger)


def record_own_password(person: Person, by: str, ledger: LedgerWriter) -> None:
    ledger.append(
        Entry(
            chain=STACK_CHAIN,
            event=EventName.PERSON_CHANGED,
            key=f"{EventName.PERSON_CHANGED}#{person.username}#{person.revision}",
            actor=Actor(name=person.username, via="their password", verified=True),
            subject=f"person:{person.username}",
            details={"what": "chose a password", "asked_by": by},
        )
    )


def record_lock(person: Person, until: datetime, failures: int, ledger: LedgerWriter) -> None:
    """Once for each lock, however often it is called."""
    _record(
        ledger,
        Entry(
            chain=STACK_CHAIN,
            event=EventName.ACCOUNT_LOCKED,
            key=f"{EventName.ACCOUNT_LOCKED}#{person.username}#{timestamp(until)}",
            actor=Actor(name=DESK, via="function", verified=True),
            subject=f"person:{person.username}",
            old="open",
            new="locked",
            details={"until": timestamp(until), "failures": failures},
        ),
    )


def _record_failure(
    person: Person | None, refusal: Exception, via: str, details: dict[str, str], ledger: LedgerWriter
) -> None:
    name = person.username if person else UNKNOWN
    _record(
        ledger,
        Entry(
            chain=STACK_CHAIN,
            event=EventName.SIGN_IN_FAILED,
            key=f"{EventName.SIGN_IN_FAILED}#{secrets.token_hex(16)}",  # each one counts
            actor=Actor(name=name, via=via, verified=False),
            subject=f"person:{name}",
            details=details | {"error": type(refusal).__name__},
        ),
    )


def _record(ledger: LedgerWriter, entry: Entry) -> None:
    try:
        ledger.append(entry)
    except Exception:
        logger.exception("%s of %s could not be recorded", entry.event, entry.subject)
