from __future__ import annotations

from datetime import timedelta

import pytest
from moto_stack import MotoStack
from pydantic import ValidationError
from watched_model import NOON, RUN_KEY, report, serving

from vigil.audit.models import Actor, Record
from vigil.aws.approval_ports import ledger_table
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.monitoring_table import MonitoringTable
from vigil.aws.window_records import (
    ForeignWindowError,
    RecordedWindow,
    WindowEvent,
    record_window,
    report_digest,
    run_key_of,
)
from vigil.monitoring.models import EVENT_SOURCE, WINDOW_EVENT, LabelCounts, Monitor, WindowReport

FUNCTION = Actor(name="vigil-unit-record-window", via="AWS Lambda", verified=True)
LATER = NOON + timedelta(hours=1)
DOCUMENT = "e" * 64


def record(stack: MotoStack, told: WindowReport) -> bool:
    ledger = RequiredLedger(stack.client("dynamodb"), stack.parameters.tables.ledger)
    return record_window(RecordedWindow(told, DOCUMENT, RUN_KEY), stack.parameters, FUNCTION, ledger)


def windows(stack: MotoStack) -> list[WindowReport]:
    return MonitoringTable(stack.client("dynamodb"), stack.parameters.tables.monitoring).windows("triage")


def recorded(stack: MotoStack) -> list[Record]:
    return list(ledger_table(stack.parameters).read(f"model:{RUN_KEY}"))


def with_labels(count: int) -> WindowReport:
    return report(
        Monitor.MODEL_QUALITY, labels=LabelCounts(scored=900, labelled=count), finished_at=NOON + timedelta(hours=count)
    )


def test_a_window_is_in_the_table_and_in_its_models_chain(stack: MotoStack) -> None:
    assert record(stack, report())
    assert windows(stack) == [report()]
    (entry,) = recorded(stack)
    assert entry.event.value == "window.monitored"
    assert entry.new["status"] == "violations"
    assert entry.details["report_digest"] == report_digest(report())
    assert entry.details["document_digest"] == DOCUMENT


def test_the_same_event_again_and_the_same_finding_later_change_nothing(stack: MotoStack) -> None:
    assert record(stack, report())
    assert not record(stack, report())
    assert not record(stack, report(finished_at=LATER))
    assert (len(recorded(stack)), windows(stack)) == (1, [report()])


def test_a_run_with_more_labels_takes_the_place_and_the_ledger_keeps_both(stack: MotoStack) -> None:
    assert record(stack, with_labels(1))
    assert record(stack, with_labels(2))
    assert windows(stack) == [with_labels(2)]
    assert [entry.new["labels"]["labelled"] for entry in recorded(stack)] == [1, 2]


def test_events_in_the_wrong_order_leave_the_newest_in_the_table_and_lose_none(stack: MotoStack) -> None:
    assert record(stack, with_labels(2))
    assert record(stack, with_labels(1))
    assert windows(stack) == [with_labels(2)]
    assert [entry.new["labels"]["labelled"] for entry in recorded(stack)] == [2, 1]
    assert not record(stack, with_labels(1))
    assert len(recorded(stack)) == 2


def test_windows_of_other_monitors_stand_beside_each_other(stack: MotoStack) -> None:
    for monitor in Monitor:
        assert record(stack, report(monitor))
    assert {each.monitor for each in windows(stack)} == set(Monitor)
    table = MonitoringTable(stack.client("dynamodb"), stack.parameters.tables.monitoring)
    assert set(table.last_told("triage")) == {monitor.value for monitor in Monitor}


def test_a_window_of_another_endpoint_is_refused(stack: MotoStack) -> None:
    with pytest.raises(ForeignWindowError, match="not the endpoint of this stack"):
        record(stack, report(endpoint="somebody-elses"))
    assert (recorded(stack), windows(stack)) == ([], [])


def test_a_window_of_a_model_that_no_longer_serves_belongs_to_the_stack() -> None:
    assert run_key_of(report(), serving()) == RUN_KEY
    assert run_key_of(report(), serving(artefact_digest="c" * 64)) is None
    assert run_key_of(report(), {}) is None


def test_only_the_analyzers_event_is_read() -> None:
    envelope = {"source": EVENT_SOURCE, "detail-type": WINDOW_EVENT, "detail": report().model_dump(mode="json")}
    assert WindowEvent.model_validate(envelope | {"account": "1", "version": "0"}).detail == report()
    for changed in ({"source": "aws.sagemaker"}, {"detail-type": "Other"}, {"detail": {}}):
        with pytest.raises(ValidationError):
            WindowEvent.model_validate(envelope | changed)
