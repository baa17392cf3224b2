import io
import json

import pytest
from botocore.exceptions import ClientError

from vigil.aws.smoke_test import CASES, SmokeTestEvent, SmokeTestFailedError, check_answer, smoke_test

DIGEST = "a" * 64


def answer(probabilities=(0.9, 0.2, 0.5), digest=DIGEST, ids=None):
    ids = ids or [case.case_id for case in CASES]
    results = [{"case_id": name, "probability": value} for name, value in zip(ids, probabilities, strict=False)]
    return json.dumps({"model_digest": digest, "results": results}).encode()


class Endpoint:
    def __init__(self, body):
        self.body, self.asked = body, None

    def invoke_endpoint(self, **request):
        self.asked = request
        if isinstance(self.body, Exception):
            raise self.body
        return {"Body": io.BytesIO(self.body)}


def test_the_signed_model_that_scores_every_case_passes():
    endpoint = Endpoint(answer())
    assert smoke_test(SmokeTestEvent(endpoint_name="triage", artefact_digest=DIGEST), endpoint) == 3
    assert endpoint.asked["EndpointName"] == "triage"
    assert len(json.loads(endpoint.asked["Body"])["cases"]) == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (answer(digest="b" * 64), "serves the model bbb"),
        (answer(probabilities=(0.9, 1.2, 0.5)), "smoke-2 is 1.2"),
        (answer(probabilities=(0.9, -0.1, 0.5)), "smoke-2"),
        (answer(probabilities=(0.9, float("nan"), 0.5)), "smoke-2 is nan"),
        (answer(probabilities=(0.9,)), "scored"),
        (answer(ids=["smoke-1", "smoke-1", "smoke-3"]), "scored"),
        (b"<html>", "not readable"),
        (b'{"model_digest": "a"}', "not readable"),
        (b"[]", "not readable"),
    ],
)
def test_anything_else_fails_and_says_what(body, words):
    with pytest.raises(SmokeTestFailedError, match=words):
        check_answer(body, DIGEST)


def test_an_endpoint_that_refuses_fails():
    refusal = ClientError({"Error": {"Code": "ModelError", "Message": "500 from model"}}, "InvokeEndpoint")
    with pytest.raises(SmokeTestFailedError, match="500 from model"):
        smoke_test(SmokeTestEvent(endpoint_name="triage", artefact_digest=DIGEST), Endpoint(refusal))
