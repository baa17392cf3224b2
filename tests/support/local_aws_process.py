"""A local_aws server of its own for a test session, and the variables that lead to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_LIMIT_SECONDS = 90
STOP_LIMIT_SECONDS = 60
VARIABLES = {
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@contextmanager
def local_aws_process(state_dir: Path) -> Iterator[str]:
    """Start ``python -m local_aws`` and yield its URL; stop it at the end."""
    state_dir.mkdir(parents=True, exist_ok=True)
    log = state_dir / "test-server.log"
    command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(state_dir), "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            yield _await_url(process, state_dir / "endpoint.json", log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_LIMIT_SECONDS)


@contextmanager
def aws_variables(url: str) -> Iterator[None]:
    """The environment leads to ``url`` and nowhere else while this is open."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(VARIABLES, AWS_ENDPOINT_URL=url)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _await_url(process: subprocess.Popen[bytes], endpoint: Path, log: Path) -> str:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline:
        if endpoint.exists():
            url: str = json.loads(endpoint.read_text())["url"]
            return url
        assert process.poll() is None, f"local_aws ended: {log.read_text()[-2000:]}"
        time.sleep(0.1)
    raise TimeoutError(f"local_aws did not start within {START_LIMIT_SECONDS} s: {log.read_text()[-2000:]}")
