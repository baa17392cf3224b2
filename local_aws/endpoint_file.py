"""``endpoint.json`` in the state folder: where the server answers, for everyone who needs to find it."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from local_aws import process_table

NAME = "endpoint.json"
LOCK_NAME = "server.lock"


class StateFolderError(Exception):
    """The state folder cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Endpoint:
    """``pid`` is None after a clean stop; the port stays, so that a restarted server takes it again."""

    url: str
    port: int
    pid: int | None
    started_at: str
    started_ticks: int | None

    @property
    def alive(self) -> bool:
        """Whether the very process that wrote this still runs (a re-used pid does not count)."""
        return self.pid is not None and process_table.start_time(self.pid) == self.started_ticks


def of_this_process(url: str, port: int) -> Endpoint:
    pid = os.getpid()
    return Endpoint(url, port, pid, datetime.now(UTC).isoformat(timespec="seconds"), process_table.start_time(pid))


def read(state_dir: Path) -> Endpoint | None:
    """None when no server has written one. Raises ``StateFolderError`` for a file that is not one."""
    path = state_dir / NAME
    try:
        return Endpoint(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StateFolderError(f"{path}: not an endpoint file ({error}): remove it and start again") from error


def write(state_dir: Path, endpoint: Endpoint) -> None:
    """Atomically, so that a reader never sees half a file."""
    temporary = state_dir / f"{NAME}.new"
    temporary.write_text(json.dumps(asdict(endpoint)) + "\n", encoding="utf-8")
    temporary.replace(state_dir / NAME)


def claim(state_dir: Path) -> IO[str]:
    """Take the folder for this process until the returned file is closed or the process ends."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        file = (state_dir / LOCK_NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise StateFolderError(f"{state_dir}: cannot be used as a state folder: {error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        running = read(state_dir)
        where = "" if running is None else f" (pid {running.pid}, {running.url})"
        raise StateFolderError(
            f"{state_dir}: another local_aws is using this folder{where}: "
            f"stop it with `python -m local_aws stop --state-dir {state_dir}`, or choose another folder"
        ) from error
    return file
