"""A server whose Glue minute is half a second, and jobs that run small scripts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from local_server import LocalServer, eventually

BUCKET = "glue"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], LocalServer]]:
    """Start a server; all of them are stopped at the end."""
    servers: list[LocalServer] = []

    def start() -> LocalServer:
        servers.append(
            LocalServer(tmp_path_factory.mktemp("state"), variables={"LOCAL_AWS_GLUE_MINUTE_SECONDS": "0.5"})
        )
        servers[-1].start()
        servers[-1].client("s3").create_bucket(Bucket=BUCKET)
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(start_server: Callable[[], LocalServer]) -> LocalServer:
    """The server that every test shares which does not end it."""
    return start_server()


@pytest.fixture
def name() -> str:
    """A name that no other test has used."""
    return f"job-{next(numbers)}"


class Glue:
    """Jobs whose scripts are given as text."""

    def __init__(self, server: LocalServer) -> None:
        self.api = server.client("glue")
        self.s3 = server.client("s3")
        self.logs = server.client("logs")
        self.state_dir = server.state_dir

    def create(self, name: str, script: str, **more: Any) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"{name}/script.py", Body=script.encode())
        command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{BUCKET}/{name}/script.py"}
        role = "arn:aws:iam::123456789012:role/glue"
        self.api.create_job(Name=name, Role=role, Command=command, GlueVersion="5.1", **more)

    def start(self, name: str, **more: Any) -> str:
        return str(self.api.start_job_run(JobName=name, **more)["JobRunId"])

    def describe(self, name: str, run_id: str) -> dict[str, Any]:
        return dict(self.api.get_job_run(JobName=name, RunId=run_id)["JobRun"])

    def ended(self, name: str, run_id: str, within: float = 30.0) -> dict[str, Any]:
        return eventually(lambda: (run := self.describe(name, run_id))["JobRunState"] in ENDED and run, within=within)

    def says(self, run_id: str, word: str) -> None:
        """Return when the run's log holds ``word``."""
        eventually(lambda: word in self.log(run_id))

    def log(self, run_id: str) -> str:
        file = self.state_dir / "logs/glue" / f"{run_id}.log"
        return file.read_text() if file.exists() else ""

    def published(self, group: str, run_id: str) -> list[str]:
        events = self.logs.get_log_events(logGroupName=f"/aws-glue/jobs/{group}", logStreamName=run_id)["events"]
        return [event["message"] for event in events]


@pytest.fixture
def glue(server: LocalServer) -> Glue:
    return Glue(server)


@pytest.fixture
def own_glue(start_server: Callable[[], LocalServer]) -> tuple[LocalServer, Glue]:
    """A server that the test may end, and its jobs."""
    server = start_server()
    return server, Glue(server)
