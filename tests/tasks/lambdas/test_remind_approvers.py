import json

import pytest
from approval_fakes import EXECUTION, TOKEN
from counted_metrics import counted
from ledger_reading import events
from moto_stack import example

from tasks.lambdas import open_approval
from tasks.lambdas.remind_approvers import handler
from vigil.approvals.models import Status
from vigil.approvals.people import Person
from vigil.aws.approval_ports import approvals_table
from vigil.aws.clock import server_time
from vigil.aws.people_table import PeopleTable
from vigil.aws.watchdog import REMINDERS_SWEPT

RUN_KEY = "0123456789ab"


@pytest.fixture
def request_id(stack):
    """A run waits; Ana may approve, Quinn may review."""
    people = PeopleTable(stack.client("dynamodb"), stack.parameters.tables.people)
    for name, role in (("ana", "model-owner"), ("quinn", "quality-assurance")):
        roles = {role: server_time()}
        people.insert(Person(username=name, printed_name=name.title(), email=f"{name}@example.org", roles=roles))
    stack.client("ses").verify_email_identity(EmailAddress=stack.parameters.people.mail_sender)
    _, _, facts = stack.candidate()
    body = {
        "run_key": RUN_KEY, "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval",
        "attempt": 0, "entered_at": server_time().isoformat(), "timeout_seconds": 1209600,
        "facts": facts.model_dump(mode="json"),
    }  # fmt: skip
    event = example("sqs")
    event["Records"] = [event["Records"][0] | {"body": json.dumps(body)}]
    assert open_approval.handler(event, None) == {"batchItemFailures": []}
    (found,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    return found.request_id


def sent(stack):
    return int(stack.client("ses").get_send_quota()["SentLast24Hours"])


def test_the_row_the_ledger_and_the_mail_say_the_same_once(stack, request_id):
    assert handler(example("schedule"), None) == {"done": {request_id: "opened"}}
    assert handler(example("schedule"), None) == {"done": {}}
    assert sent(stack) == 2
    stored = approvals_table(stack.parameters).get(request_id)
    assert (stored.reminded, stored.revision) == ([1209600], 1)
    assert events(stack, f"model:{RUN_KEY}").count("request.reminded") == 1


def test_an_escalation_is_in_the_row_and_the_ledger_and_on_the_topic_once(stack, request_id, monkeypatch):
    from datetime import timedelta

    later = server_time() + timedelta(days=11, minutes=1)
    monkeypatch.setattr("vigil.aws.reminder_ports.server_time", lambda: later)
    assert handler(example("schedule"), None) == {"done": {request_id: "escalated, reminder"}}
    assert handler(example("schedule"), None) == {"done": {}}
    stored = approvals_table(stack.parameters).get(request_id)
    assert stored.escalated_at == later
    assert events(stack, f"model:{RUN_KEY}").count("request.escalated") == 1
    assert sorted(notice["event"] for notice in stack.notices()) == ["approval-escalated", "approval-reminder"]


def test_that_it_has_looked_is_counted_for_the_alarm(stack):
    handler(example("schedule"), None)
    assert counted(stack, REMINDERS_SWEPT) == (1, 1)
