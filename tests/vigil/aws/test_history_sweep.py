"""The hourly look for histories that were not archived: bounded, and nothing that fails hides what does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archived_histories import archiving_ports, in_service, records
from engine_client import EngineClient
from moto_stack import MotoStack
from promotion_world import PromotionWorld

from vigil.aws import history_sweep
from vigil.aws.history_archive import ArchivePorts
from vigil.aws.history_sweep import archive_missed


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def ports(stack: MotoStack, promotion: PromotionWorld) -> ArchivePorts:
    return archiving_ports(stack, promotion)


def test_the_sweep_archives_what_no_event_told_of_and_then_nothing(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    in_service(promotion)
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    promotion.world.ended(promotion.start(execution="run-2"))
    promotion.start(execution="run-3")  # goes on, or fails later: not this sweep's
    assert archive_missed(ports)["failed"] == 0
    found = {record.subject.rpartition(":")[2] for record in records(ports)}
    assert {"run-1", "run-2", "apr-1"} <= found
    promotion.world.ended(f"{promotion.machines['train-and-promote'].replace(':stateMachine:', ':execution:')}:run-3")
    archive_missed(ports)
    assert archive_missed(ports) == {"archived": 0, "failed": 0}


def test_the_sweep_is_bounded_by_what_it_archives_and_by_time(
    promotion: PromotionWorld, ports: ArchivePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    for number in range(3):
        promotion.world.ended(promotion.start(execution=f"run-{number}"))
    monkeypatch.setattr(history_sweep, "MOST_AT_ONCE", 2)
    assert archive_missed(ports, lambda: True) == {"archived": 0, "failed": 0}
    assert archive_missed(ports) == {"archived": 2, "failed": 0}
    later = replace(ports, clock=lambda: datetime.now(UTC) + history_sweep.LOOKS_BACK + timedelta(hours=1))
    assert archive_missed(later) == {"archived": 0, "failed": 0}
    assert archive_missed(ports) == {"archived": 1, "failed": 0}


def test_any_number_of_histories_that_cannot_be_archived_keep_none_of_the_others_from_it(
    promotion: PromotionWorld, ports: ArchivePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    for number in range(4):
        promotion.world.ended(promotion.start(execution=f"run-{number}"))
        if number:  # the newest are looked at first
            ports.s3.put_object(Bucket=ports.bucket, Key=f"histories/train-and-promote/run-{number}.jsonl", Body=b"{}")
    monkeypatch.setattr(history_sweep, "MOST_AT_ONCE", 1)
    assert archive_missed(ports) == {"archived": 1, "failed": 3}
    assert [record.subject.rpartition(":")[2] for record in records(ports)] == ["run-0"]


def test_the_sweep_looks_beyond_the_first_page_of_each_status(promotion: PromotionWorld, ports: ArchivePorts) -> None:
    class Paged(EngineClient):
        def __getattr__(self, name: str) -> Any:
            call = super().__getattr__(name)
            return (lambda **request: call(**request, maxResults=1)) if name == "list_executions" else call

    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    for number in range(3):
        promotion.world.ended(promotion.start(execution=f"run-{number}"))
    assert archive_missed(replace(ports, states=Paged(promotion.world))) == {"archived": 3, "failed": 0}
