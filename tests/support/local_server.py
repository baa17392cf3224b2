"""A ``local_aws`` process of a test's own, which the test may also kill and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 60
Value = TypeVar("Value")


def eventually(look: Callable[[], Value], *, within: float = 30.0, pause: float = 0.05) -> Value:
    """The first true value of ``look``; fails after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (value := look()):
        assert time.monotonic() < deadline, f"not so within {within} s; the last value was {value!r}"
        time.sleep(pause)
    return value


def runs(pid: int) -> bool:
    """Whether the process exists; one that has ended and waits for its parent to notice does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def snapshot_holds(server: LocalServer, content: bytes) -> bool:
    """Whether moto's last snapshot, which may be a second behind, holds ``content``."""
    files = [path for path in (server.state_dir / "moto").rglob("*") if path.is_file() and path.suffix != ".new"]
    return any(content in path.read_bytes() for path in files)


class LocalServer:
    """``python -m local_aws`` on a folder of its own."""

    def __init__(
        self,
        state_dir: Path,
        images: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.state_dir = state_dir
        self._options = options
        self._images = images
        self._variables = variables or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}
        self.url = ""

    def start(self) -> None:
        """Returns when the server answers. A second start uses the same folder and port."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(self.state_dir), *self._options]
        for image in self._images:
            command += ["--image", str(image)]
        with (self.state_dir / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONFAULTHANDLER": "1", **self._variables},
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert "answers at" in line, (self.state_dir / "server.log").read_text()
        self.url = line.split()[-1]

    def stop(self) -> None:
        """A clean stop; does nothing when the server does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """``kill -9``: the server has no chance to do anything."""
        self._end(signal.SIGKILL)

    def client(self, service: str) -> Any:
        """A cached client without retries, so that a test sees each error."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(
                    retries={"total_max_attempts": 1},
                    read_timeout=90,
                    max_pool_connections=32,
                    s3={"addressing_style": "path"},
                ),
            )
        return self._clients[service]

    def log(self) -> str:
        return (self.state_dir / "server.log").read_text(errors="replace")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            # The fault handler writes to the log where each thread stands.
            process.send_signal(signal.SIGABRT)
            process.wait(STOP_LIMIT_SECONDS)
            raise AssertionError(f"the server did not stop; the end of its log:\n{self.log()[-8000:]}") from error
        finally:
            if process.stdout is not None:
                process.stdout.close()
