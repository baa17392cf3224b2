"""A real server in a process of its own, and parts of one for tests that need no process."""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

START_SECONDS = 60.0
STOP_SECONDS = 60.0


class LocalAws:
    """A server as a user has it: started, stopped and killed from outside."""

    def __init__(self, state_dir: Path, *options: str) -> None:
        self.state_dir = state_dir
        self._options = options
        self._log = state_dir.with_suffix(".log")
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()
        self.start()

    @property
    def url(self) -> str:
        return str(json.loads((self.state_dir / "endpoint.json").read_text())["url"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def client(self, service: str) -> Any:
        """A cached client; the port stays the same over restarts."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service,
                    endpoint_url=self.url,
                    region_name="us-east-1",
                    aws_access_key_id="test",
                    aws_secret_access_key="test",
                    config=Config(
                        connect_timeout=5,
                        read_timeout=60,
                        retries={"total_max_attempts": 1},
                        inject_host_prefix=False,
                        max_pool_connections=32,
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._clients[service]

    def start(self) -> None:
        command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(self.state_dir), *self._options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        assert line.startswith(b"local_aws answers at"), self._log.read_text()[-4000:]

    def kill(self) -> None:
        """SIGKILL to the server alone, as the kernel would."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """A clean stop; returns the exit code."""
        if self._process.poll() is None:
            os.kill(self.pid, number)
        return self._process.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Stop cleanly, unless it was killed, and start again."""
        self.stop()
        self.start()

    def log(self) -> str:
        return self._log.read_text()


@pytest.fixture(scope="session")
def local_aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One server for every test that does not kill it; tests use names of their own."""
    server = LocalAws(tmp_path_factory.mktemp("local_aws") / "state")
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., LocalAws]]:
    """Makes servers that only one test uses; options are those of ``start``."""
    servers: list[LocalAws] = []

    def make(*options: str) -> LocalAws:
        servers.append(LocalAws(tmp_path / f"state-{len(servers)}", *options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop(signal.SIGKILL)
        subprocess.run(
            [sys.executable, "-m", "local_aws", "stop", "--state-dir", str(server.state_dir)], timeout=60, check=True
        )


@pytest.fixture(scope="session")
def make_function() -> Callable[..., str]:
    """Creates a function from the source of a module ``app``; returns its name."""
    numbers = itertools.count(1)

    def make(server: LocalAws, source: str, **settings: Any) -> str:
        name = f"function-{next(numbers)}"
        server.client("lambda").create_function(
            FunctionName=name,
            Role="arn:aws:iam::123456789012:role/function",
            Runtime="python3.11",
            Code={"ZipFile": zipped({"app.py": source})},
            **{"Handler": "app.handler", "Timeout": 30, **settings},
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

    def wait(question: Callable[[], Any], seconds: float = 20.0) -> Any:
        deadline, pause = time.monotonic() + seconds, 0.02
        while not (answer := question()):
            assert time.monotonic() < deadline, f"still {answer!r} after {seconds} s"
            time.sleep(pause)
            pause = min(pause * 2, 0.25)
        return answer

    return wait
