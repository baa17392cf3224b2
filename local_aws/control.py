"""Stopping and asking after a server from outside its process."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import replace
from pathlib import Path

from local_aws import endpoint_file, process_table
from local_aws.endpoint_file import Endpoint
from local_aws.processes import kill_registered
from local_aws.store import Store

STOP_TIMEOUT_SECONDS = 60.0
KILL_TIMEOUT_SECONDS = 10.0


class StopError(Exception):
    """The server could not be ended."""


def running(state_dir: Path) -> Endpoint | None:
    """The endpoint of the server that runs on this folder, or None."""
    endpoint = endpoint_file.read(state_dir)
    return endpoint if endpoint is not None and endpoint.alive else None


def stop(state_dir: Path, timeout: float = STOP_TIMEOUT_SECONDS) -> bool:
    """End the server cleanly, or by force after ``timeout`` seconds, and then everything it started.

    Returns whether a server was running. Raises ``StopError`` when it survives SIGKILL.
    """
    endpoint = running(state_dir)
    if endpoint is not None and endpoint.pid is not None:
        _send(endpoint.pid, signal.SIGTERM)
        if not _await_end(endpoint, timeout):
            _send(endpoint.pid, signal.SIGKILL)
            if not _await_end(endpoint, KILL_TIMEOUT_SECONDS):
                raise StopError(f"pid {endpoint.pid} does not end, not even by SIGKILL")
    _kill_leftovers(state_dir)
    return endpoint is not None


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _await_end(endpoint: Endpoint, timeout: float) -> bool:
    return process_table.await_exit(endpoint.pid or 0, endpoint.started_ticks, timeout)


def _kill_leftovers(state_dir: Path) -> None:
    """What a killed server left behind, and its stale pid in the endpoint file."""
    path = state_dir / "state.sqlite3"
    if path.exists():
        store = Store(path)
        try:
            kill_registered(store)
        finally:
            store.close()
    endpoint = endpoint_file.read(state_dir)
    if endpoint is not None and endpoint.pid is not None:
        endpoint_file.write(state_dir, replace(endpoint, pid=None, started_ticks=None))
