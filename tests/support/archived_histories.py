"""Archiving the histories of the engine's executions into a bucket of moto's, with a ledger in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine_client import EngineClient
from memory_ledger import MemoryLedger
from moto_stack import MotoStack
from promotion_world import PromotionWorld

from vigil.audit.events import EventName
from vigil.audit.models import Actor
from vigil.aws.history_archive import ArchivePorts
from vigil.aws.run_records import RunRecords


def archiving_ports(stack: MotoStack, promotion: PromotionWorld) -> ArchivePorts:
    return ArchivePorts(
        states=EngineClient(promotion.world),
        s3=stack.client("s3"),
        bucket=stack.parameters.buckets.audit,
        machines=tuple(promotion.machines.values()),
        drift_machine=promotion.machines["retrain-on-drift"],
        serving=lambda: None,
        records=RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs),
        ledger=MemoryLedger(lambda: datetime.now(UTC)),
        actor=Actor(name="vigil-unit-archive-history", via="AWS Lambda", verified=True),
        clock=lambda: datetime.now(UTC),
    )


def records(ports: ArchivePorts) -> list[Any]:
    assert isinstance(ports.ledger, MemoryLedger)
    return ports.ledger.of(EventName.HISTORY_ARCHIVED)


def in_service(promotion: PromotionWorld) -> tuple[str, str]:
    """A run that a token was answered in, and that token."""
    execution = promotion.start()
    token = str(promotion.wait()["task_token"])
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    return execution, token
