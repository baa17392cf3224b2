"""The function between the event bus, Step Functions, the audit bucket and the ledger's own table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from counted_metrics import counted
from engine_client import EngineClient
from moto_stack import MotoStack, example
from promotion_world import PromotionWorld

from local_aws.services import event_bus
from tasks.lambdas import archive_history
from vigil.audit.events import EventName
from vigil.aws import archive_ports
from vigil.aws.clock import server_time
from vigil.aws.environment import StateMachines
from vigil.aws.history_sweep import NOT_ARCHIVED
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.watchdog import HISTORIES_SWEPT


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def archiving(stack: MotoStack, promotion: PromotionWorld, monkeypatch: pytest.MonkeyPatch) -> MotoStack:
    """The stack of moto's, with the state machines of the engine."""
    for name, machine in promotion.machines.items():
        stack.client("ssm").put_parameter(
            Name=f"/vigil/unit/state-machines/{name}", Value=machine, Type="String", Overwrite=True
        )
    states = EngineClient(promotion.world)
    monkeypatch.setattr(
        archive_ports, "aws_client", lambda service: states if service == "stepfunctions" else stack.client(service)
    )
    return stack


def recorded(stack: MotoStack) -> list[str]:
    table = LedgerTable(stack.client("dynamodb"), stack.parameters.tables.ledger, server_time)
    records = [record for chain in table.chains() for record in table.read(chain)]
    return [record.subject.rpartition(":")[2] for record in records if record.event is EventName.HISTORY_ARCHIVED]


def test_the_event_of_an_end_and_its_duplicate_leave_one_archive_and_one_record(
    archiving: MotoStack, promotion: PromotionWorld
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    execution = promotion.start()
    promotion.world.ended(execution)
    event: dict[str, Any] = dict(event_bus.pending(promotion.world.aws)[-1])
    assert event["detail"]["status"] == "FAILED"
    first = archive_history.handler(event, None)
    assert archive_history.handler(event, None) == first
    assert first["uri"].endswith("-audit/histories/train-and-promote/run-1.jsonl")
    assert recorded(archiving) == ["run-1"]


def test_the_schedules_event_archives_what_was_missed(archiving: MotoStack, promotion: PromotionWorld) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    promotion.world.ended(promotion.start())
    assert archive_history.handler(example("schedule"), None) == {"archived": 1, "failed": 0}
    assert archive_history.handler(example("schedule"), None) == {"archived": 0, "failed": 0}
    assert recorded(archiving) == ["run-1"]
    assert counted(archiving, HISTORIES_SWEPT) == (1, 2)
    assert counted(archiving, NOT_ARCHIVED) == (0, 2)


def test_a_history_that_cannot_be_archived_is_counted(archiving: MotoStack, promotion: PromotionWorld) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    promotion.world.ended(promotion.start())
    place = {"Bucket": archiving.parameters.buckets.audit, "Key": "histories/train-and-promote/run-1.jsonl"}
    archiving.client("s3").put_object(**place, Body=b"somebody's")
    assert archive_history.handler(example("schedule"), None) == {"archived": 0, "failed": 1}
    assert counted(archiving, NOT_ARCHIVED) == (1, 1)


def test_the_end_of_every_machine_of_the_stack_is_archived(archiving: MotoStack, promotion: PromotionWorld) -> None:
    """Stopped before anything: what an execution was about is another matter."""
    for machine in promotion.machines.values():
        execution = promotion.world.start(machine, {}, "stopped")
        promotion.world.stop(execution)
        promotion.world.ended(execution)
    archive_history.handler(example("schedule"), None)
    assert len(recorded(archiving)) == len(promotion.machines) == len(StateMachines.model_fields)
