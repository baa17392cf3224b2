import json

import pytest
from approval_fakes import EXECUTION, TOKEN
from ledger_reading import broken_ledger, events, records
from moto_stack import example

from tasks.lambdas import open_approval
from tasks.lambdas.fail_wait import handler
from vigil.aws.executions import Executions

RUN_KEY = "0123456789ab"
CHAIN = f"model:{RUN_KEY}"
MESSAGE = "059f36b4-87a3-44ab-83d2-661975830a7d"


@pytest.fixture(autouse=True)
def answered(machines, monkeypatch):
    monkeypatch.setattr("tasks.lambdas.fail_wait.executions", lambda: Executions(machines))


def message(facts, **changes):
    document = {
        "run_key": RUN_KEY, "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval",
        "attempt": 0, "entered_at": "2030-03-02T09:30:00.123Z", "timeout_seconds": 3600, "facts": facts,
    }  # fmt: skip
    return json.dumps(document | changes)


def event_of(*bodies):
    event = example("sqs")
    event["Records"] = [record | {"body": body} for record, body in zip(event["Records"], bodies, strict=False)]
    return event


def test_a_wait_whose_facts_are_unusable_is_failed_at_once_recorded_and_told(stack, machines):
    assert handler(event_of(message({"unusable": True})), None) == {"batchItemFailures": []}
    ((kind, sent),) = machines.sent
    assert (kind, sent["taskToken"], sent["error"]) == ("failure", TOKEN, "ApprovalNotOpened")
    assert "train again" in sent["cause"]
    (found,) = records(stack, CHAIN)
    assert (found.event, found.details["execution_arn"]) == ("request.not-opened", EXECUTION)
    (notice,) = stack.notices()
    assert (notice["event"], notice["execution_arn"]) == ("approval-not-opened", EXECUTION)
    assert TOKEN not in json.dumps(notice) + found.model_dump_json()


def test_a_message_that_comes_twice_is_recorded_once(stack):
    for _ in range(2):
        handler(event_of(message({})), None)
    assert events(stack, CHAIN) == ["request.not-opened"]


def test_a_wait_that_has_ended_already_is_recorded_all_the_same(stack, machines, monkeypatch):
    from botocore.exceptions import ClientError

    def ended(**_):
        raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": "no"}}, "SendTaskFailure")

    monkeypatch.setattr(machines, "send_task_failure", ended)
    assert handler(event_of(message({})), None) == {"batchItemFailures": []}
    assert events(stack, CHAIN) == ["request.not-opened"]


def test_a_wait_whose_request_is_open_after_all_goes_on(stack, machines):
    """The row was written, and what failed came after it."""
    _, _, facts = stack.candidate()
    body = message(facts.model_dump(mode="json"))
    assert open_approval.handler(event_of(body), None) == {"batchItemFailures": []}
    assert handler(event_of(body), None) == {"batchItemFailures": []}
    assert machines.sent == []
    assert "request.not-opened" not in events(stack, CHAIN)


@pytest.mark.parametrize(
    "body", [f"task_token={TOKEN}", "{}", '{"task_token": ""}', "[]", json.dumps({"token": TOKEN})]
)
def test_what_holds_no_token_is_kept_and_logged_without_its_text(stack, machines, caplog, body):
    answer = handler(event_of(body, message({})), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": MESSAGE}]}
    assert MESSAGE in caplog.text
    assert TOKEN not in caplog.text
    assert len(machines.sent) == 1, "the other one is failed all the same"


def test_a_wait_of_which_only_the_token_is_left_is_failed_and_recorded_in_the_stacks_chain(stack, machines):
    handler(event_of(json.dumps({"task_token": TOKEN, "execution_arn": 7})), None)
    assert [kind for kind, _ in machines.sent] == ["failure"]
    assert events(stack, "stack") == ["request.not-opened"]


def test_a_failed_wait_that_cannot_be_recorded_comes_again(stack, machines, monkeypatch):
    with broken_ledger(monkeypatch):
        assert handler(event_of(message({})), None) == {"batchItemFailures": [{"itemIdentifier": MESSAGE}]}
    assert handler(event_of(message({})), None) == {"batchItemFailures": []}
    assert events(stack, CHAIN) == ["request.not-opened"]
