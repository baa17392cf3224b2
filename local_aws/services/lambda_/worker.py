"""One warm process of a function, and what an invocation of it yields."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_aws.api import Context
from local_aws.identity.acting import acting_as, start_child
from local_aws.processes import Process, child_environment
from local_aws.services.lambda_ import code, model
from local_aws.services.logs.following import follow

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
#: Starting Python and importing the handler; Lambda allows 10 s, on machines that do nothing else.
INIT_TIMEOUT_SECONDS = 60.0
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_PAYLOAD_BYTES = 6 * 1024 * 1024
#: A response may be a hundred bytes longer, as Lambda's own message says.
LARGEST_RESPONSE_BYTES = LARGEST_PAYLOAD_BYTES + 100
#: From the end of a process's connection to its own.
EXIT_SECONDS = 2.0
LOG_TAIL_BYTES = 4096
HEADER = struct.Struct("!I")


@dataclass(frozen=True)
class Outcome:
    """``payload`` is JSON: the handler's result, or the error object when ``failed``."""

    payload: bytes
    failed: bool
    log_tail: bytes


class Worker:
    """A process that has one version of a function loaded. Used by one invocation at a time."""

    def __init__(self, aws: Context, function: dict[str, Any], slot: int) -> None:
        settings = function["configuration"]
        self.name: str = settings["FunctionName"]
        self.revision: str = settings["RevisionId"]
        self.version: str = settings.get("Version", model.LATEST)
        self.slot = slot
        self.idle_since = time.monotonic()
        self._settings = settings
        suffix = f".{slot}" if slot else ""
        self._log = aws.state_dir / "logs" / "lambda" / f"{self.name}{suffix}.log"
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[{self.version}]{uuid.uuid4().hex}"
        self._stream = follow(aws, settings["LoggingConfig"]["LogGroup"], stream, self._log)
        self._connection, remote = socket.socketpair()
        with remote:
            folder = code.folder_of(aws, function["digest"])
            role = acting_as(aws, settings["Role"], self.name, settings["FunctionArn"])
            self._process: Process = start_child(
                role,
                lambda own: own.supervisor.start(
                    f"lambda {self.name}",
                    [sys.executable, "-P", str(BOOTSTRAP), str(remote.fileno())],
                    cwd=folder,
                    env=_environment(own, settings, folder, stream),
                    log=self._log,
                    pass_fds=[remote.fileno()],
                ),
            )
        self._ready = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._connection.close()
        self._process.kill()
        self._stream.end()

    def invoke(self, event: Any, request_id: str) -> Outcome:
        """Run the handler once. After a failure that is not the handler's own the process is ended."""
        start = self._log.stat().st_size if self._log.exists() else 0
        failure = None if self._ready else self._initialise(request_id)
        if failure is None:
            failure, result = self._run(event, request_id)
            if failure is None:
                return Outcome(result, False, self._tail(start))
        return Outcome(json.dumps(failure).encode(), True, self._tail(start))

    def _initialise(self, request_id: str) -> dict[str, Any] | None:
        """Await the first frame; returns the error object when the handler could not be loaded."""
        try:
            frame = self._receive(INIT_TIMEOUT_SECONDS)
        except TimeoutError:
            self.close()
            return _error("Sandbox.Timedout", f"Init timed out after {INIT_TIMEOUT_SECONDS:.2f} seconds", request_id)
        if frame is None or "error" in frame:
            if frame is None:
                return self._exit_error(request_id)
            self.close()
            return {**frame["error"], "requestId": request_id}
        self._ready = True
        return None

    def _run(self, event: Any, request_id: str) -> tuple[dict[str, Any] | None, bytes]:
        limit = float(self._settings["Timeout"])
        message = {
            "request_id": request_id,
            "function_arn": self._settings["FunctionArn"],
            "timeout_seconds": limit,
            "event": event,
        }
        try:
            self._send(message, limit)
            frame = self._receive(limit)
        except TimeoutError:
            self.close()
            return _error("Sandbox.Timedout", f"Error: Task timed out after {limit:.2f} seconds", request_id), b""
        except OSError:
            frame = None
        if frame is None:
            return self._exit_error(request_id), b""
        if "error" in frame:
            if frame["error"]["errorType"] == "Runtime.ExitError":
                self.close()  # it is about to end by itself: nobody may be given it any more
            return frame["error"], b""
        result = frame["result"].encode()
        if len(result) > LARGEST_RESPONSE_BYTES:
            text = f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE_BYTES} bytes)."
            return {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}, b""
        return None, result

    def _exit_error(self, request_id: str) -> dict[str, Any]:
        """The process has closed its connection: what it ended with, once it has ended."""
        with contextlib.suppress(TimeoutError):
            self._process.wait(EXIT_SECONDS)
        self.close()
        ended = self._process.poll()
        if not ended:
            return _error("Runtime.ExitError", "Error: Runtime exited without providing a reason", request_id)
        # Lambda names signals as Go does: "segmentation fault", "killed".
        name = (signal.strsignal(-ended) or str(-ended)).lower() if ended < 0 else ""
        why = f"signal: {name}" if name else f"exit status {ended}"
        return _error("Runtime.ExitError", f"Error: Runtime exited with error: {why}", request_id)

    def _send(self, message: dict[str, Any], timeout: float) -> None:
        body = json.dumps(message).encode()
        self._connection.settimeout(timeout)
        self._connection.sendall(HEADER.pack(len(body)) + body)

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        """The next frame, or None when the process has ended. Raises ``TimeoutError``."""
        deadline = time.monotonic() + timeout
        header = self._read(HEADER.size, deadline)
        body = None if header is None else self._read(HEADER.unpack(header)[0], deadline)
        if body is None:
            return None
        frame: dict[str, Any] = json.loads(body)
        return frame

    def _read(self, size: int, deadline: float) -> bytes | None:
        chunks: list[bytes] = []
        while size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
            try:
                chunk = self._connection.recv(min(size, 1 << 20))
            except ConnectionError:
                return None
            if not chunk:
                return None
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _tail(self, start: int) -> bytes:
        """The last 4 KB that this invocation wrote."""
        if not self._log.exists():
            return b""
        with self._log.open("rb") as file:
            file.seek(max(start, self._log.stat().st_size - LOG_TAIL_BYTES))
            return file.read()


def _error(kind: str, message: str, request_id: str) -> dict[str, Any]:
    return {"errorType": kind, "errorMessage": f"RequestId: {request_id} {message}"}


def _environment(aws: Context, settings: dict[str, Any], folder: Path, stream: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    own = (settings["Environment"] or {}).get("Variables", {})
    return {
        **child_environment(aws),
        **own,
        "_HANDLER": settings["Handler"],
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": settings["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": settings.get("Version", model.LATEST),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
        "AWS_LAMBDA_LOG_GROUP_NAME": settings["LoggingConfig"]["LogGroup"],
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
