"""The servers that ``benchmarks.local_aws`` compares, each in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 60.0


@contextmanager
def local_aws(folder: Path) -> Iterator[tuple[str, int]]:
    """URL and process id."""
    port = _free_port()
    state = str(folder / "state")
    with _server(["-m", "local_aws", "start", "--state-dir", state, "--port", str(port)], port) as pid:
        yield f"http://127.0.0.1:{port}", pid


@contextmanager
def stock_moto() -> Iterator[tuple[str, int]]:
    """URL and process id; its interpreter of state machines is turned on."""
    port = _free_port()
    with _server(["-m", "moto.server", "-p", str(port)], port) as pid:
        url = f"http://127.0.0.1:{port}"
        httpx.post(f"{url}/moto-api/config", json={"stepfunctions": {"execute_state_machine": True}}).raise_for_status()
        yield url, pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def _server(arguments: list[str], port: int) -> Iterator[int]:
    """The process that answers at ``port``; its output is dropped."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"python {' '.join(arguments)} did not start") from error
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(START_SECONDS)
