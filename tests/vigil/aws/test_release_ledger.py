import io
import json

import pytest

from vigil.aws.release_ledger import RecordReleaseEvent, ReleaseNotRecordedError, ask_to_record

EVENT = RecordReleaseEvent(version="d" * 64, released_by="airflow:dana", dag_run_id="manual__1")


class Lambda:
    """Answers as ``Invoke`` does (AWS Lambda API reference)."""

    def __init__(self, **answer):
        self.answer, self.asked = {"StatusCode": 200, "Payload": io.BytesIO(b"{}")} | answer, []

    def invoke(self, **request):
        self.asked.append(request)
        return self.answer


def test_the_function_is_asked_with_who_and_what():
    client = Lambda()
    ask_to_record(EVENT, "record-release", client)
    (request,) = client.asked
    assert request["FunctionName"] == "record-release"
    assert json.loads(request["Payload"]) == EVENT.model_dump()


def test_a_function_that_fails_fails_the_task_and_says_what_to_do():
    body = {"errorMessage": "dataset.released could not be recorded", "errorType": "LedgerUnavailableError"}
    client = Lambda(FunctionError="Unhandled", Payload=io.BytesIO(json.dumps(body).encode()))
    with pytest.raises(ReleaseNotRecordedError, match=r"could not be recorded.*clear this task"):
        ask_to_record(EVENT, "record-release", client)
