"""Signing on a deployed stack, with every function under its own role alone and the key's policy enforced."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from candidate_evidence import facts_for, passing_evaluation, real_plan
from deployed_stack import STACK, VIGIL, FreshStack
from local_server import LocalServer
from pydantic import SecretStr
from role_sessions import allow, role, session

from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.errors import SeatFilledError
from vigil.approvals.models import Meaning, PasswordProof
from vigil.approvals.statement import check_signatures
from vigil.audit.models import Actor
from vigil.aws.approval_ports import approvals_table, evidence_store, ledger_table, signer
from vigil.aws.desk_client import LambdaDesk, desk_client
from vigil.cli.demo.invitations import temporary_password

pytestmark = pytest.mark.stack

OWN = "Correct-horse-42!"
READER = Actor(name="ana", via="a test", verified=False)
EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:vigil-{STACK}-train-and-promote:one"
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAZ" * 10


@pytest.fixture(scope="module")
def server(fresh_stack: FreshStack, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    """Two people may sign."""
    folder = tmp_path_factory.mktemp("desk")
    for user, held in (("quinn", "quality-assurance"), ("ana", "model-owner")):
        address = f"{user}@example.org"
        vigil("people", "add", user, "--printed-name", user.title(), "--role", held, "--email", address)
        temporary = temporary_password(fresh_stack.outbox, address)
        files = [secret(folder / "temporary", temporary), secret(folder / "own", OWN)]
        vigil("people", "password", user, "--current-file", files[0], "--new-file", files[1])
    return fresh_stack.server


def vigil(*arguments: str) -> None:
    result = subprocess.run([VIGIL, *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr


def secret(file: Path, text: str) -> str:
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


@pytest.fixture(scope="module")
def stack(server: LocalServer, fresh_stack: FreshStack) -> Any:
    return fresh_stack.parameters


@pytest.fixture(scope="module")
def request_id(stack: Any) -> str:
    """A wait's message in the queue, whose evidence is in the bucket."""
    plan = real_plan()
    evaluation, evidence = passing_evaluation(plan), evidence_store(stack)
    evidence.keep_plan(plan)
    facts = facts_for(evaluation, plan, evaluation_uri=str(evidence.keep_evaluation(evaluation)))
    body = {
        "run_key": "0123456789ab", "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval",
        "attempt": 0, "entered_at": "2040-03-02T09:30:00Z", "timeout_seconds": 3600,
        "facts": facts.model_dump(mode="json"),
    }  # fmt: skip
    boto3.client("sqs").send_message(QueueUrl=stack.queues.training_results, MessageBody=json.dumps(body))
    (row,) = eventually(lambda: desk_client(stack).requests())
    return str(row["request_id"])


def eventually(look: Callable[[], Any]) -> Any:
    limit = time.monotonic() + 120
    while not (found := look()):
        assert time.monotonic() < limit
        time.sleep(0.5)
    return found


def sign(desk: LambdaDesk, request_id: str, meaning: Meaning, user: str) -> Any:
    challenge = desk.prepare(SigningOrder(request_id=request_id, meaning=meaning, expected_signer=user), READER)
    assert challenge.signer is not None and challenge.signer.signer == user
    proof = PasswordProof(username=user, password=SecretStr(OWN))
    return desk.sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof, expected_signer=user))


@pytest.fixture(scope="module")
def approver(server: LocalServer) -> Callable[[str], Any]:
    """Clients of a role that has the stack's policy for approvers and nothing else."""
    arn = role(server, "somebody-who-signs")
    policy = f"arn:aws:iam::123456789012:policy/vigil-{STACK}-approver"
    server.client("iam").attach_role_policy(RoleName="somebody-who-signs", PolicyArn=policy)
    return session(server, arn)


def test_two_people_sign_through_the_function_and_the_ledger_has_it(
    stack: Any, request_id: str, approver: Callable[[str], Any]
) -> None:
    desk = LambdaDesk(approver("lambda"), stack.functions.approval_desk)
    assert desk.show(request_id, READER).problem is None
    assert [seat.role for seat in sign(desk, request_id, Meaning.REVIEWED, "quinn").missing] == ["model-owner"]
    with pytest.raises(SeatFilledError):
        sign(desk, request_id, Meaning.REVIEWED, "quinn")
    sign(desk, request_id, Meaning.APPROVED, "ana")
    row = approvals_table(stack).get(request_id)
    assert row is not None
    check_signatures(row, signer(stack))
    wanted = {"request.opened", "evidence.read", "signature.made", "decision.made"}
    eventually(lambda: wanted <= {record.event.value for record in ledger_table(stack).read("model:0123456789ab")})


def test_nobody_but_the_desk_signs_with_the_key_not_even_an_administrator(
    server: LocalServer, stack: Any, approver: Callable[[str], Any]
) -> None:
    """The key's own policy denies it. (``local_aws`` never judges root; on AWS this Deny reaches it.)"""
    administrator = session(server, role(server, "administrator", allow("*", "*")))
    for kms in (administrator("kms"), approver("kms")):
        with pytest.raises(ClientError, match="AccessDenied"):
            kms.sign(
                KeyId=stack.keys.signing, Message=b"\0" * 32, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
    assert approver("kms").get_public_key(KeyId=stack.keys.signing)["PublicKey"]


def test_who_signs_reads_and_writes_no_row_and_starts_nothing(stack: Any, approver: Callable[[str], Any]) -> None:
    key = {"request_id": {"S": "apr-1"}}
    with pytest.raises(ClientError, match="AccessDenied"):
        approver("dynamodb").get_item(TableName=stack.tables.approvals, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        approver("dynamodb").put_item(TableName=stack.tables.approvals, Item=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        approver("stepfunctions").start_execution(stateMachineArn=stack.state_machines.update_endpoint)
