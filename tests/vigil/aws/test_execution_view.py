"""What the page reads: few calls, everything redacted, on an engine that really runs the machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_client import EngineClient
from promotion_world import PromotionWorld
from state_machines import client_error

from vigil.approvals.redaction import REDACTED
from vigil.aws.execution_view import FRESH_SECONDS, ExecutionGoneError, ExecutionReader
from vigil.executions.models import Status

#: The name of a chain of calls that one look may make.
DESCRIBE, DEFINITION, HISTORY = "describe_execution", "describe_state_machine_for_execution", "get_execution_history"


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += FRESH_SECONDS


def waiting(promotion: PromotionWorld) -> str:
    execution = promotion.start()
    promotion.wait()
    promotion.world.await_event(execution, "TaskSubmitted", 3)
    return execution


def test_no_token_is_in_what_is_read_wherever_it_stands(promotion: PromotionWorld) -> None:
    execution = waiting(promotion)
    token = promotion.wait()["task_token"]
    raw = json.dumps(promotion.world.events(execution), default=str)
    assert token in raw  # Step Functions keeps it
    view = ExecutionReader(EngineClient(promotion.world)).read(execution)
    shown = view.model_dump_json()
    assert token not in shown and token[:40] not in shown
    assert REDACTED in shown
    assert view.progress.states["WaitForApproval"].status is Status.WAITING
    promotion.world.stop(execution)


def test_a_short_token_that_a_later_event_names_is_masked_in_what_was_read_before(promotion: PromotionWorld) -> None:
    """The redactor keeps what it found; what was shown before is redacted again."""
    clock = Clock()
    execution = promotion.start(value={"dataset_version": "d", "note": "the word is sesame-open"})
    promotion.wait()
    reader = ExecutionReader(EngineClient(promotion.world), clock)
    assert "sesame-open" in reader.read(execution).model_dump_json()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED", "password": "sesame-open"})
    promotion.world.ended(execution)
    clock.later()
    assert "sesame-open" not in reader.read(execution).model_dump_json()


def test_looks_within_moments_cost_one_and_later_ones_fetch_only_what_is_new(promotion: PromotionWorld) -> None:
    clock, client, execution = Clock(), EngineClient(promotion.world), waiting(promotion)
    reader = ExecutionReader(client, clock)
    reader.read(execution)
    assert client.calls == [DESCRIBE, DEFINITION, HISTORY]
    reader.read(execution)
    assert len(client.calls) == 3
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    clock.later()
    assert reader.read(execution).status == "SUCCEEDED"
    assert client.calls[3:] == [DESCRIBE, HISTORY]
    assert client.pages[-1] <= 100


def test_an_execution_that_has_ended_costs_one_description(promotion: PromotionWorld) -> None:
    clock, client = Clock(), EngineClient(promotion.world)
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    execution = promotion.start()
    promotion.world.ended(execution)
    reader = ExecutionReader(client, clock)
    first = reader.read(execution)
    clock.later()
    again = reader.read(execution)
    assert client.calls == [DESCRIBE, DEFINITION, HISTORY, DESCRIBE]
    assert again == first and again.error == "TrainingFailed"


class Lagging(EngineClient):
    """The newest ``behind`` events are not told yet."""

    behind = 0

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)
        if name != HISTORY or not self.behind:
            return call

        def lagging(**request: Any) -> dict[str, Any]:
            answer: dict[str, Any] = call(**request)
            return answer | {"events": answer["events"][self.behind :]}  # the newest come first

        return lagging


def test_it_is_not_complete_until_the_history_tells_the_end_that_the_status_has(promotion: PromotionWorld) -> None:
    clock, client, execution = Clock(), Lagging(promotion.world), waiting(promotion)
    reader = ExecutionReader(client, clock)
    assert not reader.read(execution).complete
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    client.behind = 2
    clock.later()
    lagging = reader.read(execution)
    assert (lagging.status, lagging.complete) == ("SUCCEEDED", False)
    assert lagging.progress.states["InService"].status is Status.RUNNING
    client.behind = 0
    clock.later()
    whole = reader.read(execution)
    assert whole.complete
    assert whole.progress.states["InService"].status is Status.SUCCEEDED


def test_a_redrive_is_seen_although_the_end_was_known(promotion: PromotionWorld) -> None:
    clock, execution = Clock(), waiting(promotion)
    promotion.world.stop(execution)
    promotion.world.ended(execution)
    reader = ExecutionReader(EngineClient(promotion.world), clock)
    assert reader.read(execution).progress.states["WaitForApproval"].status is Status.ABORTED
    promotion.world.redrive(execution)
    promotion.world.await_event(execution, "TaskSubmitted", 4)
    clock.later()
    assert reader.read(execution).progress.states["WaitForApproval"].status is Status.WAITING
    promotion.world.stop(execution)


def test_a_long_history_is_read_in_pages_and_whole(promotion: PromotionWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a lag between two looks that is longer than one page of new events."""
    monkeypatch.setattr("vigil.aws.execution_view.NEW_EVENTS", 3)
    clock, client, execution = Clock(), EngineClient(promotion.world), waiting(promotion)
    reader = ExecutionReader(client, clock)
    reader.read(execution)
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    clock.later()
    view = reader.read(execution)
    assert set(client.pages[1:-1]) == {3}
    assert view == ExecutionReader(EngineClient(promotion.world)).read(execution)


def test_who_may_not_read_results_sees_states_and_errors_and_nothing_that_went_through(
    promotion: PromotionWorld,
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    execution = promotion.start()
    promotion.world.ended(execution)
    view = ExecutionReader(EngineClient(promotion.world)).read(execution)
    bare = view.without_data().model_dump_json()
    assert "ran out of memory" in view.model_dump_json() and "ran out of memory" not in bare
    assert "new quarter" in view.model_dump_json() and "new quarter" not in bare
    assert "TrainingFailed" in bare and bare.count('"data":null') == len(view.progress.states)


def test_an_execution_that_aws_has_forgotten_is_said_to_be_in_the_archive(promotion: PromotionWorld) -> None:
    class Gone:
        def describe_execution(self, **request: Any) -> Any:
            raise client_error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{request}'")

    with pytest.raises(ExecutionGoneError, match=r"aws s3 cp s3://AUDIT_BUCKET/histories/m/gone\.jsonl -"):
        ExecutionReader(Gone()).read("arn:aws:states:us-east-1:123456789012:execution:m:gone")
