"""Attacks on a deployed stack, with every function in a process under its own role: nothing of them comes to serve."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import deployed_rollback as rollback
import pytest
from candidate_evidence import REVIEWER, ROLE
from deployed_approvals import Deployed, deployed_approvals
from deployed_stack import FreshStack
from local_server import eventually
from moto_stack import archive_of

from vigil.approvals.errors import (
    AlreadyDecidedError,
    AuthenticationError,
    ChallengeError,
    LockedOutError,
    UnknownRequestError,
)
from vigil.approvals.lockout import MOST_FAILURES
from vigil.approvals.models import ApprovalRequest, Meaning, Status
from vigil.aws.environment import aws_client

pytestmark = pytest.mark.stack

ESCAPE = "\x1b"
EVIL = f"<script>alert(1)</script><img src=x onerror=alert(2)>{ESCAPE}[31m\r\nBcc: evil@example.org"


@pytest.fixture(scope="module")
def deployed(fresh_stack: FreshStack, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deployed_approvals(fresh_stack, tmp_path_factory.mktemp("attacks"))


@pytest.fixture(autouse=True)
def nothing_serves(deployed: Deployed) -> Iterator[None]:
    yield
    sagemaker = aws_client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_models()["Models"] == [], "a model was made for what nobody approved"


def update_endpoint(deployed: Deployed, value: Any) -> dict[str, Any]:
    """update-endpoint, started directly; how it ended."""
    started = aws_client("stepfunctions").start_execution(
        stateMachineArn=deployed.parameters.state_machines.update_endpoint,
        name=uuid.uuid4().hex,
        input=json.dumps(value),
    )
    return deployed.ended(started["executionArn"])


def applied(deployed: Deployed, request: ApprovalRequest) -> dict[str, Any]:
    names = {"approval_request_id": request.request_id, "requested_execution": request.execution_arn}
    return update_endpoint(deployed, names)


def set_attributes(deployed: Deployed, request: ApprovalRequest, item: dict[str, Any]) -> None:
    """What somebody can do who may write the table."""
    key, table = {"request_id": {"S": request.request_id}}, deployed.parameters.tables.approvals
    names = {f"#{number}": name for number, name in enumerate(item)}
    values = {f":{number}": value for number, value in enumerate(item.values())}
    aws_client("dynamodb").update_item(
        TableName=table, Key=key, UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(item))),
        ExpressionAttributeNames=names, ExpressionAttributeValues=values,
    )  # fmt: skip


def stored_item(deployed: Deployed, request: ApprovalRequest) -> dict[str, Any]:
    key, table = {"request_id": {"S": request.request_id}}, deployed.parameters.tables.approvals
    item: dict[str, Any] = aws_client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    return item


@pytest.fixture(scope="module")
def approved(deployed: Deployed) -> ApprovalRequest:
    """Approved by two people and delivered; its run ends there, so that nothing has used the approval yet."""
    request = deployed.wait()
    deployed.approve(request)
    return deployed.delivered(request)


def test_success_sent_with_a_stolen_token_promotes_nothing(deployed: Deployed) -> None:
    request = deployed.wait(applied=True)
    forged = {"request_id": request.request_id, "decision": "APPROVED"}
    states = aws_client("stepfunctions")
    states.send_task_success(taskToken=deployed.token(request), output=json.dumps(forged))
    end = deployed.ended(request.execution_arn)
    assert (end["status"], end["error"]) == ("FAILED", "SignatureInvalid")
    assert "is PENDING, not APPROVED" in end["cause"]


def test_a_row_flipped_to_approved_ends_its_run(deployed: Deployed) -> None:
    request = deployed.wait(applied=True)
    set_attributes(deployed, request, {"status": {"S": "APPROVED"}})
    end = deployed.ended(request.execution_arn)
    assert (end["status"], end["error"]) == ("FAILED", "SignatureInvalid")
    assert deployed.row(request).status is Status.DECIDED_NOT_APPLIED


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"approval_request_id": "apr-unknown", "requested_execution": "arn"},
        {"approval_request_id": "../../approved", "requested_execution": "x"},
        {"approval_request_id": {"request_id": "x"}, "requested_execution": ["x"]},
        {"approval_request_id": "x", "decision": "APPROVED", "release": {"artefact_uri": "s3://evil/model.tar.gz"}},
    ],
    ids=str,
)
def test_update_endpoint_started_directly_with_forged_input_fails(deployed: Deployed, forged: Any) -> None:
    end = update_endpoint(deployed, forged)
    assert end["status"] == "FAILED"
    assert end["error"] in ("SignatureInvalid", "InternalFailure")


def test_update_endpoint_for_another_execution_than_the_one_that_asked_fails(
    deployed: Deployed, approved: ApprovalRequest
) -> None:
    names = {"approval_request_id": approved.request_id, "requested_execution": approved.execution_arn + "x"}
    end = update_endpoint(deployed, names)
    assert (end["error"], "another execution" in end["cause"]) == ("SignatureInvalid", True)


def test_signatures_copied_to_another_request_end_its_run(deployed: Deployed, approved: ApprovalRequest) -> None:
    other, good = deployed.wait(applied=True), stored_item(deployed, approved)
    set_attributes(deployed, other, {name: good[name] for name in ("signatures", "decided_at", "status")})
    end = deployed.ended(other.execution_arn)
    assert (end["status"], end["error"]) == ("FAILED", "SignatureInvalid")


def test_signatures_copied_past_the_deliverer_open_nothing(deployed: Deployed, approved: ApprovalRequest) -> None:
    """``delivered_at`` is copied too: nothing looks at the row any more but update-endpoint, started directly."""
    other, good = deployed.wait(), stored_item(deployed, approved)
    copied = ("signatures", "decided_at", "status", "delivered_at")
    set_attributes(deployed, other, {name: good[name] for name in copied})
    end = applied(deployed, other)
    assert (end["status"], end["error"]) == ("FAILED", "SignatureInvalid")
    assert deployed.row(other).status is Status.APPROVED, "it was refused for its status, not for its signatures"


@pytest.mark.parametrize("what", ["artefact", "evaluation"])
def test_what_was_signed_and_then_overwritten_is_not_served(
    deployed: Deployed, approved: ApprovalRequest, what: str
) -> None:
    uri = approved.facts.artefact_uri if what == "artefact" else approved.facts.evaluation_uri
    before = deployed.get(uri)
    edited = json.loads(before) | {"training_cases": 7} if what == "evaluation" else {}
    after = json.dumps(edited).encode() if edited else archive_of({"model.json": b"another model"})
    deployed.put(uri, after)
    try:
        end = applied(deployed, approved)
    finally:
        deployed.put(uri, before)
    assert (end["status"], end["error"]) == ("FAILED", "SignatureInvalid")
    assert what in end["cause"]
    assert deployed.row(approved).applied_by is None, "what was refused has used the approval up"


def test_what_nobody_touched_would_have_been_taken(deployed: Deployed, approved: ApprovalRequest) -> None:
    """The control of the attacks above: the same request, untouched, passes the same verification. Last of them."""
    event = {"approval_request_id": approved.request_id, "requested_execution": approved.execution_arn}
    release = deployed.invoke("verify-approval", event | {"execution_arn": "arn:of:a:test"})
    assert release["request_id"] == approved.request_id
    again = deployed.invoke("verify-approval", event | {"execution_arn": "arn:of:another"})
    assert again["errorType"] == "SignatureInvalidError"
    assert "used already" in again["errorMessage"]


def test_a_model_comes_back_by_signatures_alone_and_once_and_after_a_rejection_it_may_be_asked_for_again(
    deployed: Deployed,
) -> None:
    """Under their own roles: request_rollback, pin_rollback, the wait, the desk, the deliverer, the verification."""
    rollback.end_at_the_decision(deployed.parameters.state_machines.roll_back)
    old, new = rollback.served(deployed), rollback.served(deployed)
    first = rollback.commanded(deployed, old.run_key)
    joined = rollback.invoked(deployed, old.facts.model_package_arn)["ok"]
    assert (joined["execution_arn"], joined["is_new"]) == (first["execution_arn"], False)
    rejected = rollback.request_of(deployed, first["execution_arn"])
    assert first["request_id"] == rejected.request_id
    assert rejected.facts.rollback is not None and rejected.facts.rollback.asked_subject
    assert rejected.facts.requested_by == "ana"
    assert rejected.facts.rollback.replaces_package == new.facts.model_package_arn
    unsigned = rollback.verified(deployed, rejected, "arn:of:a:thief")
    assert (unsigned["errorType"], "is PENDING" in unsigned["errorMessage"]) == ("SignatureInvalidError", True)
    deployed.sign(deployed.challenge(rejected, Meaning.REJECTED, "not yet"), "ben")
    assert deployed.ended(rejected.execution_arn)["error"] == "Rejected"

    again = rollback.invoked(deployed, old.run_key)["ok"]
    assert again["is_new"] and again["execution_arn"] != first["execution_arn"]
    request = rollback.request_of(deployed, again["execution_arn"])
    rollback.sign(deployed, request)
    assert deployed.ended(request.execution_arn)["status"] == "SUCCEEDED"
    release = rollback.verified(deployed, request, "arn:of:the:update:back")
    assert (release["kind"], release["artefact_digest"]) == ("rollback", old.facts.artefact_digest)
    assert "used already" in rollback.verified(deployed, request, "arn:of:another")["errorMessage"]

    listed = deployed.vigil("models", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    status = {each["model_package_arn"]: each["status"] for each in json.loads(listed.stdout)["versions"]}
    assert [status[each.facts.model_package_arn] for each in (old, new)] == ["RETIRED", "ACTIVE"]
    assert "serves already" in rollback.invoked(deployed, new.facts.model_package_arn)["refused"]["message"]
    chains = deployed.vigil("audit", "verify")
    assert chains.returncode == 0, chains.stdout + chains.stderr


def test_a_challenge_is_good_for_one_signature(deployed: Deployed) -> None:
    request = deployed.wait()
    challenge = deployed.challenge(request, Meaning.REVIEWED)
    deployed.sign(challenge, "ben")
    with pytest.raises(ChallengeError):
        deployed.sign(challenge, "ben")
    assert len(deployed.row(request).signatures) == 1
    rejected = deployed.command("reject", request.request_id, "ana", "--comment", "ends this test's run")
    assert rejected.returncode == 0, rejected.stderr
    late = deployed.command("approve", request.request_id, "ana")
    assert late.returncode == AlreadyDecidedError.exit_code


def test_wrong_passwords_at_the_command_line_lock_the_account_and_tell_somebody(deployed: Deployed) -> None:
    request, inbox = deployed.wait(), aws_client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    arn = aws_client("sqs").get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = deployed.parameters.topics.notifications
    aws_client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    deployed.person("leo", "Leo Example", ROLE)
    challenge = deployed.challenge(request, Meaning.APPROVED)
    for number in range(MOST_FAILURES - 1):
        with pytest.raises(AuthenticationError):
            deployed.sign(challenge, "leo", f"Guess-{number}-of-many!")
    last = deployed.command("approve", request.request_id, "leo", password="Wrong-guess-77!")
    assert last.returncode == AuthenticationError.exit_code
    right = deployed.command("approve", request.request_id, "leo")
    assert right.returncode == LockedOutError.exit_code, "the right password opened a locked account"
    assert deployed.row(request).signatures == []
    notices = eventually(lambda: locked_notices(inbox))
    assert [each["username"] for each in notices] == ["leo"]
    assert "guess" not in str([last.stderr, right.stderr, notices]).lower()


def locked_notices(inbox: str) -> list[dict[str, Any]]:
    """What came to the topic about locked accounts."""
    answer = aws_client("sqs").receive_message(QueueUrl=inbox, MaxNumberOfMessages=10)
    messages = [json.loads(json.loads(each["Body"])["Message"]) for each in answer.get("Messages", [])]
    return [each for each in messages if each.get("event") == "account-locked"]


def test_what_people_write_is_text_in_the_terminal_in_the_export_and_in_mail(deployed: Deployed) -> None:
    """The page has tests of its own (tests/plugins/vigil_airflow/approvals/test_injection.py)."""
    deployed.person("mia", "Mia Example", ROLE, email="mia@example.org")
    deployed.person("eve", EVIL.replace("\r\n", " "), REVIEWER)
    request = deployed.wait(requested_by=f"airflow:{EVIL}")
    signed = deployed.command("review", request.request_id, "eve", "--comment", EVIL)
    assert signed.returncode == 0, signed.stderr
    shown = [deployed.vigil("approvals", *words) for words in (("list",), ("show", request.request_id))]
    for done in [signed, *shown]:
        assert done.returncode == 0, done.stderr
        assert ESCAPE not in done.stdout + done.stderr
    out = deployed.folder / "copy"
    exported = deployed.vigil("audit", "export", "--out", str(out), "--run", request.run_key)
    assert exported.returncode == 0, exported.stderr
    pages = "".join(page.read_text() for page in out.rglob("*.html"))
    assert "&lt;script&gt;alert(1)" in pages
    assert "<script>alert" not in pages
    assert "<img src=x" not in pages
    deployed.invoke("remind-approvers", {})
    mails = eventually(lambda: [m for m in mails_of(deployed) if request.request_id in m.as_string()], within=90)
    for mail in mails:
        assert mail["Bcc"] is None
        assert mail["To"] == "mia@example.org"
        assert not mail.is_multipart()
        assert mail.get_content_type() == "text/plain"
        assert ESCAPE not in mail.get_content()


def mails_of(deployed: Deployed) -> list[EmailMessage]:
    files = deployed.outbox.glob("*.eml")
    return [message_from_bytes(each.read_bytes(), policy=default) for each in files]  # type: ignore[misc]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..%2f..", "x\n../y"])
def test_a_path_for_a_name_leads_nowhere(deployed: Deployed, name: str) -> None:
    assert deployed.vigil("approvals", "show", name).returncode == UnknownRequestError.exit_code
    before, out = set(deployed.folder.glob("*")), deployed.folder / f"copy-{uuid.uuid4().hex}"
    deployed.vigil("audit", "export", "--out", str(out), "--run", name)
    assert set(deployed.folder.glob("*")) <= before | {out}
    assert all(each.parent == out for each in out.rglob("*"))
