"""The desk's client: what becomes of the function's answers, and of no answer."""

import io
import json
import logging

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import SecretStr

from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.errors import DeskUnavailableError, NotEntitledError
from vigil.approvals.models import Meaning, PasswordProof
from vigil.audit.models import Actor
from vigil.aws.desk_client import READ_TIMEOUT_SECONDS, LambdaDesk, desk_client

READER = Actor(name="ana", via="airflow", verified=True)
PASSWORD = "pa55word-of-ana"
ANSWER = SigningAnswer(
    challenge_id="c", proof=PasswordProof(username="ana", password=SecretStr(PASSWORD)), expected_signer="ana"
)


class Function:
    """Stands for Lambda: gives the answer it was told, and keeps the events."""

    def __init__(self, answer=None, error=None, raises=None):
        self.events = []
        self._answer, self._error, self._raises = answer, error, raises

    def invoke(self, **request):
        if self._raises:
            raise self._raises
        assert request["FunctionName"] == "vigil-x-approval-desk"
        self.events.append(json.loads(request["Payload"]))
        more = {"FunctionError": self._error} if self._error else {}
        content = self._answer if isinstance(self._answer, bytes) else json.dumps(self._answer).encode()
        return {"StatusCode": 200, "Payload": io.BytesIO(content), **more}


def desk(**how):
    function = Function(**how)
    return LambdaDesk(function, "vigil-x-approval-desk"), function


def test_a_request_is_asked_for_and_its_answer_given():
    client, function = desk(answer={"ok": [{"request_id": "apr-1"}]})
    assert client.requests() == [{"request_id": "apr-1"}]
    assert function.events == [{"operation": "requests"}]


def test_the_password_travels_in_the_event_and_nowhere_else(caplog):
    caplog.set_level(logging.DEBUG)
    client, function = desk(answer={"refused": {"error": "NotEntitledError", "message": "olga has no role"}})
    with pytest.raises(NotEntitledError, match="olga has no role") as caught:
        client.sign(ANSWER)
    assert function.events[0]["answer"]["proof"]["password"] == PASSWORD
    assert PASSWORD not in caplog.text + str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"raises": ReadTimeoutError(endpoint_url="https://lambda")}, "gave no answer"),
        ({"raises": ConnectionResetError()}, "gave no answer"),
        ({"answer": b"not JSON"}, "gave no answer"),
        ({"answer": {"errorType": "ClientError", "errorMessage": PASSWORD}, "error": "Unhandled"}, "ClientError"),
        ({"answer": {"neither": 1}}, "no answer that can be read"),
        ({"raises": ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "Invoke")}, "policy"),
        ({"raises": ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "Invoke")}, "deploy"),
        ({"raises": ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "Invoke")}, "again"),
    ],
)
def test_what_goes_wrong_on_the_way_is_said_without_what_was_sent(how, words):
    client, _ = desk(**how)
    with pytest.raises(DeskUnavailableError, match=words) as caught:
        client.sign(ANSWER)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_only_two_events_can_be_noted_and_the_others_are_not_even_sent():
    client, function = desk(answer={"ok": None})
    client.note("ledger.exported", READER, "all chains", {})
    with pytest.raises(ValueError, match="event"):
        client.note("signature.made", READER, "x", {})
    assert [event["event"] for event in function.events] == ["ledger.exported"]


def test_a_signature_is_sent_once_and_awaited_longer_than_the_function_may_take(stack, monkeypatch):
    made = {}
    monkeypatch.setattr(boto3, "client", lambda service, config: made.update(service=service, config=config))
    desk_client(stack.parameters)
    assert made["service"] == "lambda"
    assert made["config"].retries["total_max_attempts"] == 1
    assert made["config"].read_timeout == READ_TIMEOUT_SECONDS


def test_an_order_is_prepared_for_a_reader():
    client, function = desk(answer={"refused": {"error": "UnknownRequestError", "message": "none"}})
    with pytest.raises(Exception, match="none"):
        client.prepare(SigningOrder(request_id="apr-1", meaning=Meaning.APPROVED, expected_signer="ana"), READER)
    order = {"request_id": "apr-1", "meaning": "approved", "comment": "", "expected_signer": "ana"}
    assert function.events[0]["order"] == order
