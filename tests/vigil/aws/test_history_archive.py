"""Histories that the engine wrote, archived in a bucket of moto's: once, redacted, recorded, whatever comes twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from archived_histories import archiving_ports, in_service, records
from memory_ledger import MemoryLedger
from moto_stack import MotoStack, example
from promotion_world import PromotionWorld
from pydantic import ValidationError

from local_aws.api import ApiError
from local_aws.services import event_bus
from vigil.audit.models import Entry
from vigil.aws.history_archive import ArchiveError, ArchivePorts, archive_end, archive_ended
from vigil.aws.history_sweep import archive_missed
from vigil.digests import canonical_json, sha256_hex
from vigil.executions.archive import HistoryIncompleteError, archive_key

KEY = "0123456789ab"


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def ports(stack: MotoStack, promotion: PromotionWorld) -> ArchivePorts:
    return archiving_ports(stack, promotion)


def content(ports: ArchivePorts, key: str) -> bytes:
    body: bytes = ports.s3.get_object(Bucket=ports.bucket, Key=key)["Body"].read()
    return body


def test_an_ended_run_is_archived_whole_redacted_and_recorded(promotion: PromotionWorld, ports: ArchivePorts) -> None:
    execution, token = in_service(promotion)
    ports.records.start(execution, {"pinned": json.dumps({"key": KEY})})
    done = archive_end(execution, 0, ports)
    stored = content(ports, "histories/train-and-promote/run-1.jsonl")
    assert token in json.dumps(promotion.world.events(execution), default=str)
    assert token.encode() not in stored and token[:40].encode() not in stored and b"[redacted]" in stored
    first, *events = [json.loads(line) for line in stored.splitlines()]
    assert (first["executionArn"], first["status"], first["redriveCount"]) == (execution, "SUCCEEDED", 0)
    assert [event["id"] for event in events] == [event["id"] for event in promotion.world.events(execution)]
    assert all(canonical_json(json.loads(line)) == line for line in stored.splitlines())
    (record,) = records(ports)
    assert record.chain == f"model:{KEY}" and record.subject == execution
    assert record.new == {"uri": done.uri, "sha256": sha256_hex(stored), "events": len(events)}
    assert record.details["status"] == "SUCCEEDED"


def test_the_same_end_gives_the_same_bytes_and_one_record_however_often_it_is_told(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    execution, _ = in_service(promotion)
    first = archive_end(execution, 0, ports)
    versions = [archive_end(execution, 0, ports) for _ in range(3)]
    assert versions == [first] * 3
    assert len(records(ports)) == 1
    fresh = replace(ports, bucket="second")
    ports.s3.create_bucket(Bucket="second")
    assert archive_end(execution, 0, fresh).sha256 == first.sha256


def test_killed_between_the_object_and_its_record_it_is_recorded_by_the_next_try(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    class Killed(MemoryLedger):
        def append(self, entry: Entry) -> Any:
            raise KeyboardInterrupt

    execution, _ = in_service(promotion)
    with pytest.raises(KeyboardInterrupt):
        archive_end(execution, 0, replace(ports, ledger=Killed(ports.clock)))
    stored = content(ports, "histories/train-and-promote/run-1.jsonl")
    assert archive_missed(ports) == {"archived": 2, "failed": 0}
    by_run = {record.subject: record for record in records(ports)}
    assert by_run[execution].new["sha256"] == sha256_hex(stored)
    assert content(ports, "histories/train-and-promote/run-1.jsonl") == stored


def test_what_lies_there_is_what_is_recorded_even_if_it_would_be_written_otherwise_today(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    execution, _ = in_service(promotion)
    older = canonical_json({"executionArn": execution, "redriveCount": 0, "status": "SUCCEEDED", "stopDate": "then"})
    ports.s3.put_object(Bucket=ports.bucket, Key="histories/train-and-promote/run-1.jsonl", Body=older + b"\n{}\n")
    done = archive_end(execution, 0, ports)
    assert (done.sha256, done.events) == (sha256_hex(older + b"\n{}\n"), 1)


def test_the_archive_of_another_execution_is_never_taken_for_this_ones(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    execution, _ = in_service(promotion)
    other = canonical_json({"executionArn": "another", "redriveCount": 0})
    ports.s3.put_object(Bucket=ports.bucket, Key="histories/train-and-promote/run-1.jsonl", Body=other)
    with pytest.raises(ArchiveError, match="find out who put it there"):
        archive_end(execution, 0, ports)
    assert not records(ports)


def test_a_redriven_run_has_an_archive_for_each_end_and_the_first_does_not_change(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    execution = promotion.start()
    promotion.wait()
    promotion.world.await_event(execution, "TaskSubmitted", 3)
    promotion.world.stop(execution, error="Airflow.TaskKilled")
    promotion.world.ended(execution)
    first = archive_end(execution, 0, ports)
    promotion.world.redrive(execution)
    promotion.world.await_event(execution, "TaskSubmitted", 4)
    with pytest.raises(HistoryIncompleteError):
        archive_end(execution, 1, ports)
    assert archive_end(execution, 0, ports) == first  # a duplicate of the first event, while it runs again
    promotion.world.stop(execution)
    promotion.world.ended(execution)
    second = archive_end(execution, 1, ports)
    assert second.uri.endswith("histories/train-and-promote/run-1/redrive-1.jsonl")
    assert second.events > first.events
    assert sha256_hex(content(ports, "histories/train-and-promote/run-1.jsonl")) == first.sha256
    assert [record.details["redrive"] for record in records(ports)] == [0, 1]


def test_the_execution_that_a_run_started_goes_into_the_runs_own_chain(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    execution, _ = in_service(promotion)
    ports.records.start(execution, {"pinned": json.dumps({"key": KEY})})
    nested = f"{promotion.machines['update-endpoint'].replace(':stateMachine:', ':execution:')}:apr-1"
    archive_end(nested, 0, ports)
    (record,) = records(ports)
    assert record.chain == f"model:{KEY}"


def test_a_run_that_nobody_pinned_goes_into_the_stacks_chain(promotion: PromotionWorld, ports: ArchivePorts) -> None:
    execution, _ = in_service(promotion)
    archive_end(execution, 0, ports)
    assert [record.chain for record in records(ports)] == ["stack"]


def test_an_execution_of_another_machine_is_not_read(promotion: PromotionWorld, ports: ArchivePorts) -> None:
    client = ports.states
    for name in ("other", "train-and-promote-of-others"):
        with pytest.raises(ArchiveError, match="no state machine of this stack"):
            archive_end(f"arn:aws:states:us-east-1:123456789012:execution:{name}:x", 0, ports)
    assert client.calls == []


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_what_was_stopped_or_took_too_long_is_archived_like_any_end(
    promotion: PromotionWorld, ports: ArchivePorts, status: str
) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
    limit = {"TimeoutSeconds": 1} if status == "TIMED_OUT" else {}
    machine = promotion.world.create({"StartAt": "Wait", "States": states, **limit}, "slow")
    execution = promotion.world.start(machine)
    if status == "ABORTED":
        promotion.world.stop(execution, error="Operator", cause="not needed any more")
    assert promotion.world.ended(execution)["status"] == status
    archive_end(execution, 0, replace(ports, machines=(machine,)))
    first, *events = [json.loads(line) for line in content(ports, "histories/slow/run.jsonl").splitlines()]
    assert first["status"] == status
    assert events[-1]["type"] == {"ABORTED": "ExecutionAborted", "TIMED_OUT": "ExecutionTimedOut"}[status]
    (record,) = records(ports)
    assert record.details["status"] == status


def test_what_was_decided_on_drift_is_archived_in_the_chain_of_the_model_that_served(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    """And stays there, whatever serves when the next sweep looks whether it is recorded."""
    promotion.functions["AssessDrift"] = {"decision_id": "d-1", "course": "ignore"}
    execution = promotion.start("retrain-on-drift", {"detail": {}}, "event-1")
    assert promotion.world.ended(execution)["status"] == "SUCCEEDED"
    serving = replace(ports, serving=lambda: KEY)
    assert archive_missed(serving) == {"archived": 1, "failed": 0}
    assert content(ports, "histories/retrain-on-drift/event-1.jsonl")
    another = replace(ports, serving=lambda: "fedcba987654")
    assert archive_missed(another) == {"archived": 0, "failed": 0}
    archive_end(execution, 0, another)
    assert [(record.chain, record.subject) for record in records(ports)] == [(f"model:{KEY}", execution)]


def test_no_execution_can_be_named_as_the_redrive_of_another_is_filed(promotion: PromotionWorld) -> None:
    folder = archive_key(promotion.machines["train-and-promote"].replace(":stateMachine:", ":execution:") + ":x", 0)
    redriven = archive_key(promotion.machines["train-and-promote"].replace(":stateMachine:", ":execution:") + ":x", 1)
    name = redriven.removeprefix(folder.removesuffix("x.jsonl")).removesuffix(".jsonl")
    with pytest.raises(ApiError, match="Invalid Name"):
        promotion.start(execution=name)


def test_the_event_is_as_aws_documents_it_and_as_our_own_bus_sends_it(
    promotion: PromotionWorld, ports: ArchivePorts
) -> None:
    documented = example("execution_status_change")
    with pytest.raises(ArchiveError):  # it is understood, and of no machine of ours
        archive_ended(documented, ports)
    execution, _ = in_service(promotion)
    sent = [each for each in event_bus.pending(promotion.world.aws) if each["detail"]["executionArn"] == execution]
    assert set(sent[-1]["detail"]) == set(documented["detail"])
    assert archive_ended(dict(sent[-1]), ports).uri.endswith("/run-1.jsonl")


def test_an_event_that_is_none_is_refused_without_being_quoted(ports: ArchivePorts) -> None:
    with pytest.raises(ValidationError) as caught:
        archive_ended({"detail-type": "Other", "detail": {"executionArn": 7, "input": "secret-words"}}, ports)
    assert "secret-words" not in str(caught.value)


def test_a_secret_that_one_event_names_is_masked_in_every_line(promotion: PromotionWorld, ports: ArchivePorts) -> None:
    promotion.functions["PinRun"] = promotion.functions["PinRun"] | {"password": "sesame-open"}
    promotion.sagemaker.job_failures["Training"] = "refused the word sesame-open"
    execution = promotion.start(value={"dataset_version": "d", "note": "sesame-open"})
    promotion.world.ended(execution)
    archive_end(execution, 0, ports)
    assert b"sesame-open" not in content(ports, "histories/train-and-promote/run-1.jsonl")
