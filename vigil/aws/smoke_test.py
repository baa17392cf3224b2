"""The smoke test of an endpoint: a few invented cases must come back scored, by the very model that was signed."""

from __future__ import annotations

import json
import math
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from vigil.cases.models import CaseReport

JSON_TYPE = "application/json"

#: Invented, so that they describe nobody; the second has nothing but a term, the third a term that no model knows.
CASES = (
    CaseReport(
        case_id="smoke-1",
        reactions=("acute kidney injury", "hypotension"),
        drugs=("ibuprofen",),
        age_years=71,
        weight_kg=80,
        sex="M",
        reporter_country="US",
    ),
    CaseReport(case_id="smoke-2", reactions=("headache",)),
    CaseReport(case_id="smoke-3", reactions=("not a term of any dictionary",), age_years=34, sex="F"),
)


class SmokeTestFailedError(Exception):
    """The endpoint does not answer as the signed model must. Step Functions matches this class by its name."""


class SmokeTestEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint_name: str
    artefact_digest: str


def smoke_test(event: SmokeTestEvent, runtime: Any) -> int:
    """How many cases were scored. ``runtime`` is a boto3 ``sagemaker-runtime`` client."""
    body = json.dumps({"cases": [case.model_dump(mode="json") for case in CASES]})
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=event.endpoint_name, ContentType=JSON_TYPE, Accept=JSON_TYPE, Body=body
        )
    except ClientError as error:
        raise SmokeTestFailedError(f"the endpoint refused the invented cases: {error}") from error
    return check_answer(answer["Body"].read(), event.artefact_digest)


def check_answer(body: bytes, artefact_digest: str) -> int:
    """Raises ``SmokeTestFailedError`` naming the first thing that is wrong."""
    try:
        answer = json.loads(body)
        digest, results = answer["model_digest"], answer["results"]
        scored = {str(result["case_id"]): float(result["probability"]) for result in results}
    except (ValueError, KeyError, TypeError) as error:
        raise SmokeTestFailedError(f"the endpoint's answer is not readable: {type(error).__name__}: {error}") from error
    if digest != artefact_digest:
        raise SmokeTestFailedError(f"the endpoint serves the model {digest}, signed was {artefact_digest}")
    missing = [case.case_id for case in CASES if case.case_id not in scored]
    if missing or len(scored) != len(CASES):
        raise SmokeTestFailedError(
            f"the endpoint scored {sorted(scored)}, asked were {[case.case_id for case in CASES]}"
        )
    for case_id, probability in scored.items():
        if not (math.isfinite(probability) and 0 <= probability <= 1):
            raise SmokeTestFailedError(f"the probability of {case_id} is {probability}: not within 0 and 1")
    return len(scored)
