import json

import pytest
from approval_fakes import EXECUTION, TOKEN
from counted_metrics import counted
from ledger_reading import events
from moto_stack import example

from tasks.lambdas.deliver_decision import handler
from tasks.lambdas.open_approval import handler as open_approval
from vigil.approvals.models import Status
from vigil.audit.models import STACK_CHAIN
from vigil.aws.approval_ports import approvals_table
from vigil.aws.watchdog import DECISIONS_SWEPT

DRIFT = "arn:aws:states:us-east-1:123456789012:execution:vigil-unit-retrain-on-drift:event-1"
UPDATE = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:apr-1"


@pytest.fixture
def request_id(stack):
    _, _, facts = stack.candidate()
    stack.add_people()
    body = {
        "run_key": "0123456789ab",
        "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval", "attempt": 0,
        "entered_at": "2030-03-02T09:30:00Z", "timeout_seconds": 3600, "facts": facts.model_dump(mode="json"),
    }  # fmt: skip
    event = example("sqs")
    event["Records"] = [event["Records"][0] | {"body": json.dumps(body)}]
    open_approval(event, None)
    (request,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    return request.request_id


def change_of(request_id, status, **more):
    """The stream's record of a row that changed."""
    event = example("dynamodb_stream")
    image = {"request_id": {"S": request_id}, "status": {"S": status}, **more}
    event["Records"][0]["dynamodb"] |= {"NewImage": image, "Keys": {"request_id": {"S": request_id}}}
    return event


def test_an_approval_in_the_stream_is_delivered_with_the_right_token(stack, machines, request_id):
    stack.approve(request_id)
    assert handler(change_of(request_id, "APPROVED"), None) == {"delivered": {request_id: "delivered"}}
    ((kind, sent),) = machines.sent
    assert (kind, sent["taskToken"]) == ("success", TOKEN)
    assert json.loads(sent["output"]) == {"request_id": request_id, "decision": "APPROVED"}


def test_the_image_in_the_stream_is_not_believed(stack, machines, request_id):
    """The event says APPROVED, the row says PENDING."""
    assert handler(change_of(request_id, "APPROVED"), None) == {"delivered": {request_id: "nothing to do"}}
    assert machines.sent == []


def test_a_flipped_row_ends_the_run_as_signature_invalid(stack, machines, request_id):
    stack.flip(request_id, Status.APPROVED)
    handler(change_of(request_id, "APPROVED"), None)
    ((kind, sent),) = machines.sent
    assert (kind, sent["error"]) == ("failure", "SignatureInvalid")
    assert TOKEN not in sent["cause"]


@pytest.mark.parametrize(
    ("status", "more"), [("PENDING", {}), ("EXPIRED", {}), ("APPROVED", {"delivered_at": {"S": "2026"}})]
)
def test_changes_that_are_no_new_decision_are_passed_over(stack, machines, status, more):
    assert handler(change_of("apr-1", status, **more), None) == {"delivered": {}}


def test_a_removed_row_is_passed_over(stack, machines):
    event = change_of("apr-1", "APPROVED")
    del event["Records"][0]["dynamodb"]["NewImage"]
    assert handler(event, None) == {"delivered": {}}


def test_the_minutes_sweep_delivers_and_withdraws_and_records_what_was_stopped(stack, machines, request_id):
    machines.ended = {EXECUTION}
    answer = handler(example("schedule"), None)
    assert answer == {
        "restored": {},
        "swept": {request_id: "WITHDRAWN"},
        "stopped": [EXECUTION],
        "stopped roll-backs": [],
        "stopped on drift": [],
    }
    assert counted(stack, DECISIONS_SWEPT) == (1, 1)
    again = handler(example("schedule"), None)
    assert again == {"restored": {}, "swept": {}, "stopped": [], "stopped roll-backs": [], "stopped on drift": []}


def test_the_minutes_sweep_delivers_what_the_stream_missed(stack, machines, request_id):
    stack.approve(request_id)
    assert handler(example("schedule"), None)["swept"] == {request_id: "delivered"}
    assert len(machines.sent) == 1


def test_the_minutes_sweep_looks_after_what_a_stopped_update_left_at_the_endpoint(stack, machines):
    machines.ended = {UPDATE}
    stack.serve("left-behind")
    sagemaker = stack.client("sagemaker")
    assert handler(example("schedule"), None)["restored"] == {UPDATE: "delete"}
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert handler(example("schedule"), None)["restored"] == {UPDATE: "settled"}
    assert handler(example("schedule"), None)["restored"] == {}


def test_a_part_of_the_sweep_that_fails_does_not_stop_the_others(stack, machines, request_id, monkeypatch):
    def broken(*_):
        raise ConnectionError("not now")

    stack.approve(request_id)
    monkeypatch.setattr("tasks.lambdas.deliver_decision.restore_recorded", broken)
    answer = handler(example("schedule"), None)
    assert counted(stack, DECISIONS_SWEPT) == (0, 1), "for that an alarm rings if it goes on"
    assert answer == {
        "restored": "failed: ConnectionError",
        "swept": {request_id: "delivered"},
        "stopped": [],
        "stopped roll-backs": [],
        "stopped on drift": [],
    }


def test_the_minutes_sweep_records_and_tells_once_that_an_execution_about_drift_was_stopped(stack, machines):
    """It has no state that could: without this, a window with violations would have led to nothing, unseen."""
    machines.ended = {DRIFT}
    assert handler(example("schedule"), None)["stopped on drift"] == [DRIFT]
    assert handler(example("schedule"), None)["stopped on drift"] == []
    assert events(stack, STACK_CHAIN) == ["drift.not-handled"]
    (notice,) = stack.notices()
    assert (notice["event"], notice["outcome"], notice["execution_arn"]) == ("drift-not-handled", "Stopped", DRIFT)
