import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from vigil.scoring import serve
from vigil.scoring.models import ScoreResponse
from vigil.scoring.score import Scorer
from vigil.scoring.serve import create_app

CASE: dict[str, Any] = {"case_id": "c-1", "reactions": ["nausea"], "age_years": 40, "sex": "F"}


class Client:
    """Sends requests to the application itself, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._send("GET", path))

    def post(self, path: str, **content: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", path, **content))

    async def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://endpoint") as client:
            return await client.request(method, path, **content)


@pytest.fixture(scope="module")
def client(scorer: Scorer) -> Client:
    return Client(create_app(scorer, most_cases=3))


def refused(client: Client, body: Any) -> dict[str, str]:
    answer = client.post("/invocations", json=body)
    assert answer.status_code == 400
    return {error["field"]: error["problem"] for error in answer.json()["errors"]}


def test_ping_says_which_model_is_loaded(client: Client, scorer: Scorer) -> None:
    answer = client.get("/ping")
    assert answer.status_code == 200
    assert answer.json()["model_digest"] == scorer.digest


def test_cases_are_answered_in_order_with_the_models_digest(client: Client, scorer: Scorer) -> None:
    cases = [CASE, CASE | {"case_id": "c-2", "reactions": ["hepatic failure"]}]
    answer = ScoreResponse.model_validate_json(client.post("/invocations", json={"cases": cases}).content)
    assert answer.model_digest == scorer.digest
    assert [result.case_id for result in answer.results] == ["c-1", "c-2"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"age_years": 431}, "cases.1.age_years"),
        ({"age_years": "40"}, "cases.1.age_years"),
        ({"age_years": True}, "cases.1.age_years"),
        ({"weight_kg": -1}, "cases.1.weight_kg"),
        ({"sex": "female"}, "cases.1.sex"),
        ({"reactions": "nausea"}, "cases.1.reactions"),
        ({"reactions": [None]}, "cases.1.reactions.0"),
        ({"case_id": 7}, "cases.1.case_id"),
        ({"outcome": "x"}, "cases.1.outcome"),
    ],
)
def test_bad_input_is_refused_naming_the_field(client: Client, change: dict[str, Any], field: str) -> None:
    assert list(refused(client, {"cases": [CASE, CASE | change]})) == [field]


def test_an_error_never_repeats_what_was_sent(client: Client) -> None:
    body = {
        "cases": [
            CASE | {"age_years": "born 3 May 1950", "sex": "Jane Roe", "Jane Roe": 1, "reactions": {"Jane Roe": 1}}
        ],
        "patient Jane Roe": 1,
    }
    answer = client.post("/invocations", json=body)
    assert answer.status_code == 400
    assert "Jane" not in answer.text
    assert "1950" not in answer.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Jane Roe",
        b'{"cases": [',
        b"[]",
        b"null",
        b"\xff",
        b'{"cases": [{"x": NaN}]}',
        b'{"cases": "\\ud800"}',
        b"[" * 5000,
    ],
)
def test_a_body_that_is_no_request_is_refused_without_repeating_it(client: Client, content: bytes) -> None:
    answer = client.post("/invocations", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "Jane" not in answer.text


def test_no_case_is_refused(client: Client) -> None:
    assert refused(client, {"cases": []}) == {"cases": "at least one case"}


def test_too_many_cases_are_refused(client: Client) -> None:
    answer = client.post("/invocations", json={"cases": [CASE] * 4})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["field"] == "cases"


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "MOST_BYTES", 100)
    assert client.post("/invocations", json={"cases": [CASE] * 3}).status_code == 413


def test_another_content_type_is_refused(client: Client) -> None:
    answer = client.post("/invocations", content=b"a,b", headers={"content-type": "text/csv"})
    assert answer.status_code == 415


def test_many_errors_are_cut_short(client: Client) -> None:
    answer = client.post("/invocations", json={"cases": [{"case_id": 1}] * 30})
    assert len(answer.json()["errors"]) == serve.MOST_ERRORS
