"""Histories of ended executions, kept in the audit bucket and recorded in the ledger.

An end is archived when its event arrives, and what was missed by an hourly look (``history_sweep``). Putting and
recording are two steps that may each be repeated: the object is put only where nothing is, and what is recorded is the
digest of the object that lies there, in the chain that was found when it was put.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, Record, model_chain
from vigil.aws.objects import S3Uri, get_bytes, object_metadata, put_new_bytes
from vigil.aws.run_records import RunRecords
from vigil.digests import sha256_hex
from vigil.executions.archive import archive_key, archive_lines, describes
from vigil.moments import Clock

logger = logging.getLogger(__name__)

STATUS_CHANGE = "Step Functions Execution Status Change"
CHAIN = "chain"  # in the object's metadata: which model served may be another one when its record is looked for


class ArchiveError(Exception):
    """The history cannot be archived; the message says why."""


class SearchableLedger(Protocol):
    def append(self, entry: Entry) -> Record: ...

    def find(self, chain: str, key: str) -> Record | None: ...


class _Detail(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    executionArn: str  # noqa: N815 -- as AWS spells it
    redriveCount: int = 0  # noqa: N815


class ExecutionEnded(BaseModel):
    """The event, of which only the name of the execution is used: everything else is read anew.

    Shape: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    detail_type: str = Field(alias="detail-type", pattern=f"^{STATUS_CHANGE}$")
    detail: _Detail


@dataclass(frozen=True)
class ArchivePorts:
    """``states`` and ``s3`` are boto3 clients; ``machines`` the ARNs whose executions are archived, and no others.

    ``drift_machine``: the one of them whose executions are about the model that serves, whose key ``serving`` gives.
    """

    states: Any
    s3: Any
    bucket: str
    machines: tuple[str, ...]
    drift_machine: str
    serving: Callable[[], str | None]
    records: RunRecords
    ledger: SearchableLedger
    actor: Actor
    clock: Clock


class Archived(BaseModel):
    model_config = ConfigDict(frozen=True)

    uri: str
    sha256: str
    events: int


def archive_ended(event: dict[str, Any], ports: ArchivePorts) -> Archived:
    """Archive the end that an event tells of."""
    detail = ExecutionEnded.model_validate(event).detail
    return archive_end(detail.executionArn, detail.redriveCount, ports)


def archive_end(execution_arn: str, redrive: int, ports: ArchivePorts) -> Archived:
    """Put the history up to this end, unless it is there, and record it, unless that is done.

    Raises ``ArchiveError`` for what is not ours, and ``HistoryIncompleteError``.
    """
    if not any(_is_of(execution_arn, machine) for machine in ports.machines):
        raise ArchiveError("the execution is of no state machine of this stack: it is not archived")
    described = ports.states.describe_execution(executionArn=execution_arn)
    lines = archive_lines(described, _history(execution_arn, ports.states), redrive)
    place = S3Uri(ports.bucket, archive_key(execution_arn, redrive))
    content, chain = b"".join(lines), _chain(execution_arn, described, ports)
    if not put_new_bytes(content, place, ports.s3, {CHAIN: chain}):
        content = get_bytes(place, ports.s3)  # what lies there is the archive, whatever would be written today
        chain = object_metadata(place, ports.s3).get(CHAIN, chain)
        if not describes(content, execution_arn, redrive):
            raise ArchiveError(f"{place} is not the archive of {execution_arn}: find out who put it there")
    done = Archived(uri=str(place), sha256=sha256_hex(content), events=content.count(b"\n") - 1)
    ports.ledger.append(_entry(execution_arn, redrive, chain, done, content, ports))
    logger.info("archived %s: %d events", place, done.events)
    return done


def is_recorded(arn: str, redrive: int, ports: ArchivePorts) -> bool:
    """Whether the ledger has the archive of this end, in the chain that was found when it was put."""
    kept = object_metadata(S3Uri(ports.bucket, archive_key(arn, redrive)), ports.s3).get(CHAIN)
    chain = kept or _chain(arn, ports.states.describe_execution(executionArn=arn), ports)
    return ports.ledger.find(chain, _key(arn, redrive)) is not None


def _history(arn: str, states: Any) -> list[dict[str, Any]]:
    """Whole: a history has at most 25,000 events, ours some hundreds of a few kB."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=True)
    return [event for page in pages for event in page["events"]]


def _entry(arn: str, redrive: int, chain: str, done: Archived, content: bytes, ports: ArchivePorts) -> Entry:
    first = json.loads(content.split(b"\n", 1)[0])
    return Entry(
        chain=chain,
        event=EventName.HISTORY_ARCHIVED,
        key=_key(arn, redrive),
        actor=ports.actor,
        subject=arn,
        new=done.model_dump(mode="json"),
        details={"redrive": redrive, "status": first["status"], "ended_at": first["stopDate"]},
    )


def _key(arn: str, redrive: int) -> str:
    return f"{EventName.HISTORY_ARCHIVED}#{arn}#{redrive}"


def _chain(arn: str, described: dict[str, Any], ports: ArchivePorts) -> str:
    """That of the candidate where the run is known; update-endpoint names the run that asked for it in its input.

    An execution about drift is in the chain of what serves, as all that it records (``DriftRecords``).
    """
    if _is_of(arn, ports.drift_machine):
        key: object = ports.serving()
    else:
        key = ports.records.pinned(arn).get("key")
    if key is None and (asked_by := _requested_execution(described)) is not None:
        key = ports.records.pinned(asked_by).get("key")
    return STACK_CHAIN if key is None else model_chain(str(key))


def _requested_execution(described: dict[str, Any]) -> str | None:
    try:
        asked_by = json.loads(described.get("input") or "null").get("requested_execution")
    except (ValueError, AttributeError):
        return None
    return asked_by if isinstance(asked_by, str) and asked_by else None


def _is_of(execution_arn: str, machine: str) -> bool:
    return execution_arn.startswith(f"{machine.replace(':stateMachine:', ':execution:')}:")
