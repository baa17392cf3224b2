import json

from approval_fakes import EXECUTION, TOKEN
from moto_stack import example

from tasks.lambdas import remind_approvers
from tasks.lambdas.open_approval import handler
from vigil.approvals.models import Status
from vigil.aws.approval_ports import approvals_table, token_vault
from vigil.aws.clock import server_time
from vigil.aws.environment import aws_client


def message(facts, **changes):
    """What the state WaitForApproval sends; a test of the state machines holds that these are its fields."""
    document = {
        "run_key": "0123456789ab",
        "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval", "attempt": 0,
        "entered_at": "2026-03-02T09:30:00.123Z", "timeout_seconds": 1209600, "facts": facts.model_dump(mode="json"),
    }  # fmt: skip
    return json.dumps(document | changes)


def event_of(*bodies):
    event = example("sqs")
    event["Records"] = [record | {"body": body} for record, body in zip(event["Records"], bodies, strict=False)]
    return event


def test_a_wait_opens_a_request_that_holds_its_token_sealed(stack):
    _, _, facts = stack.candidate()
    assert handler(event_of(message(facts)), None) == {"batchItemFailures": []}
    (request,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    assert request.facts == facts
    assert token_vault(stack.parameters).unseal(request.request_id, request.token_ciphertext) == TOKEN


def test_what_serves_then_is_kept_with_the_request(stack):
    _, _, facts = stack.candidate()
    endpoint, table = stack.parameters.sagemaker.endpoint, stack.parameters.tables.models
    record = {"active_package": "arn:of-the-old", "approval_request_id": "apr-old", "since": "2026-01-05"}
    item = {"model_package_arn": f"endpoint#{endpoint}"} | record
    aws_client("dynamodb").put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})
    handler(event_of(message(facts)), None)
    (request,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    (served,) = request.served
    assert served.model_dump(exclude={"at"}) == {
        "model_package_arn": "arn:of-the-old", "approval_request_id": "apr-old", "since": "2026-01-05",
    }  # fmt: skip


def test_a_message_that_comes_twice_opens_one_request_and_its_people_are_told_once_and_without_the_token(stack):
    _, _, facts = stack.candidate()
    entered = server_time().isoformat()
    handler(event_of(message(facts, entered_at=entered), message(facts, entered_at=entered)), None)
    assert stack.notices() == []
    for _ in range(2):
        remind_approvers.handler(example("schedule"), None)
    (notice,) = stack.notices()
    assert (notice["event"], notice["kind"]) == ("approval-opened", "promotion")
    assert "/plugin/approvals/apr-" in notice["where"]
    assert TOKEN not in json.dumps(notice)


def test_of_a_wait_that_was_retried_before_anybody_was_told_only_the_newer_request_is_told(stack):
    _, _, facts = stack.candidate()
    entered = server_time().isoformat()
    waits = [message(facts, entered_at=entered, attempt=number) for number in (1, 0)]
    handler(event_of(*waits), None)
    (pending,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    remind_approvers.handler(example("schedule"), None)
    assert [notice["request_id"] for notice in stack.notices()] == [pending.request_id]
    assert pending.attempt == 1


def test_a_bad_message_is_reported_and_the_good_one_is_taken(stack, caplog):
    _, _, facts = stack.candidate()
    broken = message(facts, timeout_seconds="soon")
    answer = handler(event_of(broken, message(facts)), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}]}
    assert len(approvals_table(stack.parameters).with_status(Status.PENDING)) == 1
    assert "timeout_seconds" in caplog.text
    assert TOKEN not in caplog.text


def test_a_message_that_is_not_json_is_reported_without_its_text(stack, caplog):
    answer = handler(event_of(f"task_token={TOKEN}"), None)
    assert len(answer["batchItemFailures"]) == 1
    assert TOKEN not in caplog.text
