"""MWAA in front of an Airflow: here a small server that speaks ``/auth/token`` and ``/api/v2`` as Airflow 3 does.

Source of the shapes: https://docs.aws.amazon.com/mwaa/latest/API/API_InvokeRestApi.html and botocore's model.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

from local_aws.services.mwaa.environments import EnvironmentFileError, load_environments

PASSWORD = "airflows-own"
GOOD = 'name = "analytics"\nurl = "http://127.0.0.1:1"\nusername = "admin"\n'


class FakeAirflow(ThreadingHTTPServer):
    """Gives tokens for the right password and takes only the newest one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tokens = 0
        self.calls: list[tuple[str, str, dict[str, list[str]], Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: FakeAirflow

    def answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        if parts.path == "/auth/token":
            if body != {"username": "admin", "password": PASSWORD}:
                return self.send(401, {"detail": "Invalid credentials"})
            self.server.tokens += 1
            return self.send(201, {"access_token": f"token-{self.server.tokens}"})
        if self.headers.get("Authorization") != f"Bearer token-{self.server.tokens}":
            return self.send(401, {"detail": "Invalid JWT token"})
        self.server.calls.append((self.command, parts.path, parse_qs(parts.query), body))
        if parts.path == "/api/v2/dags/unknown":
            return self.send(404, {"detail": "The Dag with ID: `unknown` was not found"})
        if parts.path == "/api/v2/broken":
            return self.send(500, None, b"Internal Server Error")
        if parts.path == "/api/v2/elsewhere":
            return self.send(302, None, location="http://127.0.0.1:1/")
        if self.command == "DELETE":
            return self.send(204, None)
        return self.send(200, {"dag_run_id": "run-1", "conf": {"n": 1.5, "list": [None, True]}})

    def send(self, status: int, document: Any, content: bytes = b"", location: str = "") -> None:
        content = content or (b"" if document is None else json.dumps(document).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer  # noqa: N815 - names that the base class asks for

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def airflow() -> Iterator[FakeAirflow]:
    with FakeAirflow() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def mwaa(airflow: FakeAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("mwaa")
    (folder / "passwords.json").write_text(json.dumps({"admin": PASSWORD}))
    (folder / "wrong").write_text("wrong\n")
    url = f"http://127.0.0.1:{airflow.server_port}"
    options = []
    for name, address, password in [
        ("analytics", url, "passwords.json"),
        ("locked-out", f"{url}/", "wrong"),
        ("stopped", "http://127.0.0.1:1", "wrong"),
    ]:
        path = folder / f"{name}.toml"
        lines = [f'name = "{name}"', f'url = "{address}"', 'username = "admin"', f'password_file = "{password}"']
        path.write_text("\n".join(["[environment]", *lines, 'airflow_version = "3.3.0"']))
        options += ["--mwaa-environment", str(path)]
    with LocalServer(folder / "state", options=options) as server:
        yield server.client("mwaa")


def refused(call: Any, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return dict(raised.value.response)


@pytest.mark.stack
def test_a_call_reaches_airflow_with_its_query_and_body(mwaa: Any, airflow: FakeAirflow) -> None:
    answer = mwaa.invoke_rest_api(
        Name="analytics",
        Path="/dags/etl/dagRuns",
        Method="POST",
        QueryParameters={"limit": 5, "fields": ["a", "b"], "paused": True},
        Body={"conf": {"key": "välue"}, "logical_date": None},
    )
    assert answer["RestApiStatusCode"] == 200
    assert answer["RestApiResponse"] == {"dag_run_id": "run-1", "conf": {"n": 1.5, "list": [None, True]}}
    query = {"limit": ["5"], "fields": ["a", "b"], "paused": ["true"]}
    body = {"conf": {"key": "välue"}, "logical_date": None}
    assert airflow.calls[-1] == ("POST", "/api/v2/dags/etl/dagRuns", query, body)
    deleted = mwaa.invoke_rest_api(Name="analytics", Path="/dags/etl", Method="DELETE")
    assert (deleted["RestApiStatusCode"], deleted["RestApiResponse"]) == (204, {})


@pytest.mark.stack
def test_a_token_that_airflow_no_longer_takes_is_asked_for_again(mwaa: Any, airflow: FakeAirflow) -> None:
    call = {"Name": "analytics", "Path": "/dags", "Method": "GET"}
    mwaa.invoke_rest_api(**call)
    before = airflow.tokens
    mwaa.invoke_rest_api(**call)
    assert airflow.tokens == before
    airflow.tokens += 5
    assert mwaa.invoke_rest_api(**call)["RestApiStatusCode"] == 200
    assert airflow.tokens == before + 6


@pytest.mark.stack
def test_airflows_errors_come_as_client_and_server_errors(mwaa: Any) -> None:
    missing = refused(mwaa.invoke_rest_api, Name="analytics", Path="/dags/unknown", Method="GET")
    assert missing["Error"]["Code"] == "RestApiClientException"
    assert missing["RestApiStatusCode"] == 404
    assert missing["RestApiResponse"] == {"detail": "The Dag with ID: `unknown` was not found"}
    broken = refused(mwaa.invoke_rest_api, Name="analytics", Path="/broken", Method="GET")
    assert broken["Error"]["Code"] == "RestApiServerException"
    assert (broken["RestApiStatusCode"], broken["RestApiResponse"]) == (500, {"text": "Internal Server Error"})


@pytest.mark.stack
@pytest.mark.parametrize(
    ("name", "path", "code", "status"),
    [
        ("locked-out", "/dags", "AccessDeniedException", 403),
        ("stopped", "/dags", "InternalServerException", 500),
        ("nobody", "/dags", "ResourceNotFoundException", 404),
        ("analytics", "dags", "ValidationException", 400),
        ("analytics", "/../auth/token", "ValidationException", 400),
        ("analytics", "/dags?limit=1", "ValidationException", 400),
    ],
)
def test_what_cannot_be_called_is_refused(mwaa: Any, name: str, path: str, code: str, status: int) -> None:
    answer = refused(mwaa.invoke_rest_api, Name=name, Path=path, Method="GET")
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert PASSWORD not in json.dumps(answer, default=str)


@pytest.mark.stack
def test_a_redirect_does_not_take_the_token_elsewhere(mwaa: Any) -> None:
    answer = mwaa.invoke_rest_api(Name="analytics", Path="/elsewhere", Method="GET")
    assert answer["RestApiStatusCode"] == 302


@pytest.mark.stack
def test_environments_are_those_of_the_files_and_nobody_creates_one(mwaa: Any, airflow: FakeAirflow) -> None:
    environment = mwaa.get_environment(Name="analytics")["Environment"]
    assert (environment["Status"], environment["AirflowVersion"]) == ("AVAILABLE", "3.3.0")
    assert environment["Arn"] == "arn:aws:airflow:us-east-1:123456789012:environment/analytics"
    assert environment["WebserverUrl"] == f"127.0.0.1:{airflow.server_port}"
    pages = mwaa.get_paginator("list_environments").paginate(PaginationConfig={"PageSize": 2})
    assert [page["Environments"] for page in pages] == [["analytics", "locked-out"], ["stopped"]]
    for call in (mwaa.create_cli_token, mwaa.create_web_login_token):
        answer = refused(call, Name="analytics")
        assert answer["Error"]["Code"] == "ValidationException"
        assert "local_aws" in answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[environment", "cannot be read as TOML"),
        ("", r"has no \[environment\] table"),
        ('[environment]\nname = "a"\n', "environment.url is missing"),
        (f"[environment]\n{GOOD}", "password_file or password_variable"),
        (f'[environment]\n{GOOD}password = "x"', "environment.password must be one of"),
        (f'[environment]\n{GOOD}password_file = "x"'.replace("http:", "ftp:"), "must begin with http"),
    ],
)
def test_a_wrong_file_is_refused_by_its_field(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "environment.toml"
    path.write_text(content)
    with pytest.raises(EnvironmentFileError, match=problem):
        load_environments([path])


def test_the_password_may_come_from_the_servers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "environment.toml"
    path.write_text(f'[environment]\n{GOOD}password_variable = "AIRFLOW_PW"')
    airflow = load_environments([path])["analytics"]
    with pytest.raises(EnvironmentFileError, match="AIRFLOW_PW is not set"):
        airflow.password()
    monkeypatch.setenv("AIRFLOW_PW", "x")
    assert airflow.password() == "x"
