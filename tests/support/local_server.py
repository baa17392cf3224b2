"""A ``local_aws`` process of the tests' own, which a test may also kill and start again, and what leads to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import boto3
from botocore.config import Config

START_LIMIT_SECONDS = 60.0
STOP_LIMIT_SECONDS = 60.0
REGION = "us-east-1"
KEY = "test"
Value = TypeVar("Value")


def eventually(look: Callable[[], Value], *, within: float = 60.0, pause: float = 0.05) -> Value:
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
    """``python -m local_aws`` on a folder of its own, as a user has it: started, stopped and killed from outside.

    As a context manager it runs inside the block. ``variables`` are added to the environment, ``options`` to the
    command. Its log stands next to the folder, so that the folder holds only what the server itself writes.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        images: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.state_dir = state_dir
        self.url = ""
        named = [part for image in images for part in ("--image", str(image))]
        self._command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(state_dir), *options, *named]
        self.variables = {"PYTHONFAULTHANDLER": "1", **(variables or {})}
        self._log = state_dir.with_name(f"{state_dir.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def start(self) -> None:
        """Returns when the server answers. A second start uses the same folder and port."""
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(
                self._command,
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout is not None
        watchdog = threading.Timer(START_LIMIT_SECONDS, process.kill)
        watchdog.start()
        line = process.stdout.readline().decode()
        watchdog.cancel()
        if not line.startswith("local_aws answers at"):
            self.kill()
            raise AssertionError(f"local_aws did not start; the end of its log:\n{self.log()[-4000:]}")
        self.url = line.split()[-1]

    def kill(self) -> None:
        """``kill -9`` to the server alone: it has no chance to do anything."""
        self.stop(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """A clean stop, unless it has ended; returns the exit code, or None for a server that was never started."""
        process = self._process
        if process is None:
            return None
        process.send_signal(number)
        try:
            return process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            # The fault handler writes to the log where each thread stands.
            process.send_signal(signal.SIGABRT)
            process.wait(STOP_LIMIT_SECONDS)
            raise AssertionError(f"the server did not stop; the end of its log:\n{self.log()[-8000:]}") from error
        finally:
            if process.stdout is not None:
                process.stdout.close()

    def restart(self) -> None:
        """Stop cleanly, unless it was killed, and start again."""
        self.stop()
        self.start()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def client(self, service: str) -> Any:
        """A cached client without retries, so that a test sees each error. The port stays over restarts."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service,
                    endpoint_url=self.url,
                    region_name=REGION,
                    aws_access_key_id=KEY,
                    aws_secret_access_key=KEY,
                    config=Config(
                        retries={"total_max_attempts": 1},
                        read_timeout=90,
                        inject_host_prefix=False,
                        max_pool_connections=32,
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._clients[service]


@contextmanager
def aws_variables(url: str) -> Iterator[None]:
    """The environment leads to ``url`` and nowhere else while this is open."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ENDPOINT_URL=url,
        AWS_DISABLE_HOST_PREFIX_INJECTION="true",
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID=KEY,
        AWS_SECRET_ACCESS_KEY=KEY,
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
