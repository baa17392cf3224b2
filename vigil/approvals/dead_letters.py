"""A wait whose approval request could not be opened: it is failed at once, instead of lasting until it expires unseen.

Its message has come back from ``open_approval`` as often as the queue allows. What made it unusable may be its facts,
so only what names the wait is read here. A message that does not even hold a token is left where it is, for people.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from vigil.approvals.errors import UnreadableRequestError, WaitEndedError
from vigil.approvals.identity import request_id_for
from vigil.approvals.ports import ApprovalStore, Runs
from vigil.approvals.reminder_text import one_line
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain
from vigil.audit.ports import LedgerWriter

logger = logging.getLogger(__name__)

NOT_OPENED = "ApprovalNotOpened"  # the error that train-and-promote catches by name
CAUSE = "no approval request could be opened, so nobody could have decided: see open_approval's log, then train again"
ACTOR = Actor(name="fail_wait", via="function of this stack", verified=True)


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class DeadWait(_Lenient):
    """Of a ``WaitMessage``, the token alone is needed."""

    task_token: SecretStr = Field(min_length=1)


class WaitName(_Lenient):
    """What names the wait, where it is whole."""

    run_key: str = Field(pattern=r"^[0-9a-f]{12}$")
    execution_arn: str = Field(min_length=1, max_length=1000)
    state_name: str = Field(min_length=1, max_length=80)
    entered_at: AwareDatetime
    attempt: int

    @property
    def request_id(self) -> str:
        entered: datetime = self.entered_at
        return request_id_for(self.execution_arn, self.state_name, entered, self.attempt)


class Notices(Protocol):
    def publish(self, subject: str, facts: Mapping[str, object]) -> bool: ...


@dataclass(frozen=True)
class DeadLetterPorts:
    store: ApprovalStore
    runs: Runs
    ledger: LedgerWriter
    notices: Notices


def fail_wait(message_id: str, body: str, ports: DeadLetterPorts) -> bool:
    """Fail the wait, record it, tell people; False where its request is open after all. May be repeated.

    Raises ``ValidationError`` where the message holds no token.
    """
    token, name = DeadWait.model_validate_json(body).task_token, _name(body)
    if name is not None and _is_open(name.request_id, ports.store):
        logger.warning("approval request %s is open although its message came back", name.request_id)
        return False
    try:
        ports.runs.fail(token.get_secret_value(), NOT_OPENED, CAUSE)
    except WaitEndedError:
        logger.warning("the wait of message %s had ended already", message_id)
    entry = _entry(message_id, name)
    ports.ledger.append(entry)
    logger.error("the wait of message %s was failed: no approval request could be opened", message_id)
    ports.notices.publish(
        "Vigil: a wait for approval was failed", {"event": "approval-not-opened", "cause": CAUSE, **entry.details}
    )
    return True


def _name(body: str) -> WaitName | None:
    try:
        return WaitName.model_validate_json(body)
    except ValidationError:
        return None


def _is_open(request_id: str, store: ApprovalStore) -> bool:
    try:
        return store.get(request_id) is not None
    except UnreadableRequestError:
        return False  # nobody can decide on it either


def _entry(message_id: str, name: WaitName | None) -> Entry:
    details: dict[str, Any] = {"message_id": message_id}
    if name is not None:
        details |= {"execution_arn": one_line(name.execution_arn), "state_name": one_line(name.state_name)}
    return Entry(
        chain=STACK_CHAIN if name is None else model_chain(name.run_key),
        event=EventName.REQUEST_NOT_OPENED,
        key=f"{EventName.REQUEST_NOT_OPENED}#{message_id}",
        actor=ACTOR,
        subject=f"message {message_id}" if name is None else name.request_id,
        details=details,
    )
