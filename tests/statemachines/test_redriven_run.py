"""A run that was stopped while it waited for its signatures, and is redriven: it goes on, into service."""

from datetime import datetime

import pytest
from ledger_reading import records
from moto_stack import moto_stack
from promotion_world import RUN
from real_functions import RealFunctions, request_id_in
from state_machines import eventually

from vigil.approvals.models import Meaning, Status
from vigil.approvals.ports import WaitEnd
from vigil.audit.models import model_chain
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.run_records import RunRecords


@pytest.fixture
def real(promotion, monkeypatch):
    with moto_stack(monkeypatch) as stack:
        yield RealFunctions(promotion, stack, monkeypatch)


def moment(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("machine", ["train-and-promote", "roll-back"])
def test_a_redriven_wait_begins_anew_so_that_its_own_request_is_opened_for_its_whole_time(promotion, machine):
    """The state is not entered again and its retries count from 0: neither tells this wait from the one before."""
    execution = promotion.start(machine)
    first = promotion.wait()
    promotion.world.stop(execution)
    promotion.world.ended(execution)
    promotion.world.redrive(execution)
    second = eventually(lambda: len(promotion.messages) == 2 and promotion.messages[1])
    redriven = promotion.world.describe(execution)["redriveDate"]
    promotion.world.stop(execution)
    assert second["task_token"] != first["task_token"]
    assert request_id_in(second) != request_id_in(first)
    assert abs((moment(second["entered_at"]) - redriven).total_seconds()) < 0.01
    assert second["timeout_seconds"] == first["timeout_seconds"] == RUN["approval_timeout_seconds"]


def test_a_run_that_was_stopped_after_one_signature_and_redriven_needs_only_the_other_to_go_into_service(real):
    stack, execution = real.stack, real.start()
    first = real.opened()
    package = first.facts.model_package_arn
    stack.sign(first.request_id, Meaning.REVIEWED, "ben")
    real.stop(execution)
    assert real.sweep() == {
        "restored": {}, "swept": {first.request_id: "WITHDRAWN"}, "stopped": [execution], "stopped roll-backs": [],
        "stopped on drift": [],
    }  # fmt: skip
    assert [notice["subject"] for notice in stack.notices()] == ["Vigil: Stopped"]

    real.promotion.world.redrive(execution)
    second = real.opened(2)
    assert (second.status, second.carried_from) == (Status.PENDING, first.request_id)
    stack.sign(second.request_id, Meaning.APPROVED, "ana")
    ends = [real.runs.how_wait_ended(execution, each.request_id) for each in (first, second)]
    assert ends == [WaitEnd.OTHERWISE, WaitEnd.UNKNOWN]
    assert real.sweep()["swept"] == {second.request_id: "delivered"}
    described = real.promotion.world.ended(execution)
    assert described["status"] == "SUCCEEDED", described
    assert real.runs.how_wait_ended(execution, second.request_id) is WaitEnd.RECEIVED

    serving = ServingRecords(stack.client("dynamodb"), stack.parameters.tables.models).serving("triage")
    assert (serving["active_package"], serving["approval_request_id"]) == (package, second.request_id)
    assert stack.package_status(package) == "Approved"
    record = RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs).get(execution)
    assert (record["outcome"], record["redrives"]) == ("InService", "1")
    assert [notice["subject"] for notice in stack.notices()] == ["Vigil: InService"]
    ends = [each for each in records(stack, model_chain(first.run_key)) if each.event == "run.ended"]
    assert [(each.new["outcome"], each.details.get("redrives")) for each in ends] == [
        ("Stopped", None),
        ("InService", 1),
    ]
