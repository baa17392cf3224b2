"""A real server in a process of its own, and parts of one for tests that need no process."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local_server import LocalServer
from local_server import eventually as first_true

from local_aws import control


@pytest.fixture(scope="session")
def local_aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """One server for every test that does not kill it; tests use names of their own."""
    with LocalServer(tmp_path_factory.mktemp("local_aws") / "state") as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., LocalServer]]:
    """Makes servers that only one test uses; options are those of ``start``."""
    servers: list[LocalServer] = []

    def make(*options: str) -> LocalServer:
        servers.append(LocalServer(tmp_path / f"state-{len(servers)}", options=options))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.kill()
        control.stop(server.state_dir)  # what the command does, without a process for it


@pytest.fixture(scope="session")
def make_function() -> Callable[..., str]:
    """Creates a function from the source of a module ``app``; returns its name."""
    numbers = itertools.count(1)

    def make(server: LocalServer, source: str, **settings: Any) -> str:
        name = f"function-{next(numbers)}"
        server.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Code={"ZipFile": zipped({"app.py": source})},
            **{
                "Role": "arn:aws:iam::123456789012:role/function",
                "Handler": "app.handler",
                "Timeout": 30,
                **settings,
            },
        )
        return name

    return make


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Ask again until the answer is true; fails with the last answer when time is up."""

    def wait(question: Callable[[], Any], seconds: float = 60.0) -> Any:
        return first_true(question, within=seconds)

    return wait
