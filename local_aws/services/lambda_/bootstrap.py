"""The program of a function's process: imports the handler once, then answers invocations one at a time.

Run as ``python -P bootstrap.py FD`` with FD one end of a socket to the server; the function's code is in
``LAMBDA_TASK_ROOT``. A frame is a 4-byte length and that many bytes of JSON, in both directions. It stands alone:
the function's own packages must not meet the server's.
"""

import importlib
import json
import logging
import os
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

HEADER = struct.Struct("!I")
MESSAGE_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(request)s\t%(message)s"


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    identity = None
    client_context = None

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id = invocation["request_id"]
        self.invoked_function_arn = invocation["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.monotonic() + invocation["timeout_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def receive(connection: socket.socket) -> Any:
    """The next frame, or None when the server has closed the connection."""
    header = read_exactly(connection, HEADER.size)
    if header is None:
        return None
    body = read_exactly(connection, HEADER.unpack(header)[0])
    return None if body is None else json.loads(body)


def read_exactly(connection: socket.socket, size: int) -> bytes | None:
    chunks = []
    while size:
        chunk = connection.recv(min(size, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    connection.sendall(HEADER.pack(len(body)) + body)


def failure(kind: str, message: str, trace: Iterable[str] = (), request_id: str = "") -> dict[str, Any]:
    return {"error": {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": list(trace)}}


def find_handler(name: str) -> tuple[Callable[..., Any] | None, dict[str, Any] | None]:
    """The function that ``name`` (``package.module.function``) means, or a failure to answer with."""
    module_name, _, function_name = name.rpartition(".")
    if not module_name:
        return None, failure("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        return None, failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        return None, failure("Runtime.ExitError", f"Error: Runtime exited with error: exit status {code}")
    except BaseException as error:
        return None, failure(type(error).__name__, str(error), own_frames(error))
    function = getattr(module, function_name, None)
    if function is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return None, failure("Runtime.HandlerNotFound", message)
    return function, None


def own_frames(error: BaseException) -> list[str]:
    """The stack trace without this file's own frames."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return traceback.format_list(frames)


def invoke(function: Callable[..., Any], invocation: dict[str, Any]) -> dict[str, Any]:
    request_id = invocation["request_id"]
    try:
        result = function(invocation["event"], Context(invocation))
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}"
        return failure("Runtime.ExitError", message, request_id=request_id)
    except BaseException as error:
        traceback.print_exc()
        return failure(type(error).__name__, str(error), own_frames(error), request_id)
    try:
        return {"result": json.dumps(result)}
    except (TypeError, ValueError) as error:
        return failure("Runtime.MarshalError", f"Unable to marshal response: {error}", request_id=request_id)


class RequestField(logging.Filter):
    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = self.request_id
        return True


def set_up_logging() -> RequestField:
    """As on Lambda: the root logger writes to the function's log, warnings and worse."""
    field = RequestField()
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(field)
    formatter = logging.Formatter(MESSAGE_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    return field


def log(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    field = set_up_logging()
    function, refusal = find_handler(os.environ["_HANDLER"])
    send(connection, refusal or {"ready": True})
    while function is not None and (invocation := receive(connection)) is not None:
        field.request_id = invocation["request_id"]
        started = time.monotonic()
        log(f"START RequestId: {field.request_id} Version: {os.environ['AWS_LAMBDA_FUNCTION_VERSION']}")
        answer = invoke(function, invocation)
        log(f"END RequestId: {field.request_id}")
        log(f"REPORT RequestId: {field.request_id}\tDuration: {(time.monotonic() - started) * 1000:.2f} ms")
        sys.stderr.flush()
        send(connection, answer)
        if answer.get("error", {}).get("errorType") == "Runtime.ExitError":
            return


if __name__ == "__main__":
    main()
