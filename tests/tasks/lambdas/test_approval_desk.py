"""The desk's function over a stack: a real sign-in, a real key, real tables."""

import io
import json

import pytest
from approval_fakes import EXECUTION, PASSWORD, TOKEN
from moto_people import strong
from moto_stack import example
from pydantic import SecretStr

from tasks.lambdas.approval_desk import handler
from tasks.lambdas.open_approval import handler as open_approval
from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.errors import AuthenticationError, SeatFilledError
from vigil.approvals.models import Meaning, PasswordProof
from vigil.audit.models import Actor
from vigil.aws.approval_ports import ledger_table
from vigil.aws.desk_client import LambdaDesk

READER = Actor(name="ana", via="airflow", verified=True)


@pytest.fixture
def request_id(stack):
    _, _, facts = stack.candidate()
    stack.add_people()
    body = {
        "run_key": "0123456789ab", "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval",
        "attempt": 0, "entered_at": "2030-03-02T09:30:00Z", "timeout_seconds": 3600,
        "facts": facts.model_dump(mode="json"),
    }  # fmt: skip
    event = example("sqs")
    event["Records"] = [event["Records"][0] | {"body": json.dumps(body)}]
    assert open_approval(event, None) == {"batchItemFailures": []}
    (row,) = desk().requests()
    return row["request_id"]


def desk():
    class Lambda:
        def invoke(self, **request):
            answer = handler(json.loads(request["Payload"]), None)
            return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    return LambdaDesk(Lambda(), "desk")


def sign(request_id, meaning, user, password=PASSWORD):
    client = desk()
    challenge = client.prepare(SigningOrder(request_id=request_id, meaning=meaning, expected_signer=user), READER)
    assert challenge.signer is not None and challenge.signer.signer == user
    proof = PasswordProof(username=user, password=SecretStr(strong(password)))
    return client.sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof, expected_signer=user))


def test_two_people_sign_through_the_function(stack, request_id):
    assert desk().show(request_id, READER).request["request_id"] == request_id
    assert [seat.role for seat in sign(request_id, Meaning.REVIEWED, "ben").missing] == ["model-owner"]
    with pytest.raises(SeatFilledError):
        sign(request_id, Meaning.REVIEWED, "ben")
    assert sign(request_id, Meaning.APPROVED, "ana").request["status"] == "APPROVED"


def test_a_wrong_password_is_refused_and_in_no_record(stack, request_id, caplog):
    with pytest.raises(AuthenticationError):
        sign(request_id, Meaning.APPROVED, "ana", "guess-of-somebody")
    ledger = ledger_table(stack.parameters)
    records = [record for chain in ledger.chains() for record in ledger.read(chain)]
    assert {"signature.refused", "sign-in.failed"} <= {record.event.value for record in records}
    left = str([record.model_dump(mode="json") for record in records]) + caplog.text
    assert "guess-of-somebody" not in left
