import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.states.tasks.tokens import mint
from vigil.approvals.redaction import ALWAYS_SECRET_CHARACTERS, REDACTED, redact, redact_text

TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAZ/8F+" + "xK3vQ9" * 60 + "=="
#: GetExecutionHistory, event of sqs:sendMessage.waitForTaskToken: the parameters are JSON text with JSON text inside.
SCHEDULED = {
    "id": 12,
    "type": "TaskScheduled",
    "taskScheduledEventDetails": {
        "resource": "sendMessage.waitForTaskToken",
        "parameters": json.dumps(
            {
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/training-results",
                "MessageBody": json.dumps({"task_token": TOKEN, "facts": {"artefact_digest": "a" * 64}}),
            }
        ),
    },
}


def test_a_token_in_json_in_json_is_redacted_and_the_rest_stays():
    clean = redact(SCHEDULED)
    assert TOKEN not in json.dumps(clean)
    parameters = json.loads(clean["taskScheduledEventDetails"]["parameters"])
    body = json.loads(parameters["MessageBody"])
    assert body == {"task_token": REDACTED, "facts": {"artefact_digest": "a" * 64}}
    assert parameters["QueueUrl"].endswith("training-results")


def test_a_token_named_in_one_place_is_redacted_in_every_other():
    clean = redact({"taskToken": "short-token", "log": ["sent short-token to the queue"]})
    assert "short-token" not in json.dumps(clean)


def test_a_token_in_a_failures_cause_is_redacted_without_any_name_beside_it():
    assert redact_text(f"could not deliver {TOKEN}: TaskTimedOut") == f"could not deliver {REDACTED}: TaskTimedOut"


def test_a_token_in_broken_json_is_redacted():
    assert "abc12345" not in redact_text('{"task_token": "abc12345", "fac')


def test_passwords_are_redacted_whatever_they_are_called():
    clean = redact({"AuthParameters": {"USERNAME": "ana", "PASSWORD": "pa55word"}, "client_secret": "s3cret"})
    assert clean == {"AuthParameters": {"USERNAME": "ana", "PASSWORD": REDACTED}, "client_secret": REDACTED}


def test_digests_arns_and_addresses_are_left_as_they_are():
    facts = {
        "artefact_digest": "0123456789abcdef" * 4,
        "execution": "arn:aws:states:us-east-1:123456789012:execution:train-and-promote:" + "n" * 80,
        "uri": "s3://vigil-demo-models/runs/" + "0" * 12 + "/training/" + "t" * 63 + "/output/model.tar.gz",
    }
    assert redact(facts) == facts


def test_local_aws_makes_tokens_that_are_always_known_as_secrets():
    assert len(mint()) >= ALWAYS_SECRET_CHARACTERS


@pytest.mark.parametrize("seed", range(200))
def test_a_random_token_far_shorter_than_aws_makes_them_is_redacted(seed):
    token = base64.b64encode(random.Random(seed).randbytes(63)).decode()
    assert redact_text(f"could not deliver {token}: TaskTimedOut") == f"could not deliver {REDACTED}: TaskTimedOut"


@pytest.mark.parametrize(
    "text",
    [
        "f" * 64,
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/vigil-demo-triage/1",
        "arn:aws:states:us-east-1:123456789012:execution:vigil-demo-train-and-promote:manual__2026-03-02T09_30_00_00_00-a",
        "s3://vigil-demo-datasets/datasets/faers/" + "0a" * 32 + "/cases.parquet",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/vigil-ml@sha256:" + "0b" * 32,
        "https://sqs.us-east-1.amazonaws.com/123456789012/vigil-demo-training-results",
        "/aws/sagemaker/TrainingJobs/vigil-demo-train-0123456789ab-0-0/algo-1-1234567890",
    ],
)
def test_what_people_need_to_read_stays(text):
    assert redact_text(text) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.integers(min_value=0, max_value=3))
def test_a_token_is_gone_at_any_depth_of_nesting(value, depth):
    document = {"value": value, "task_token": TOKEN, "again": [TOKEN]}
    for _ in range(depth):
        document = {"body": json.dumps(document)}
    assert TOKEN not in json.dumps(redact(document))


@given(json_values)
def test_redacting_twice_is_redacting_once(value):
    assert redact(redact(value)) == redact(value)
