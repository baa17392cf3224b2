"""ResultWriter: what a distributed Map hands on, and the files that it writes to S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Clients
from local_aws.services.states.errors import RESULT_WRITER_FAILED, StateError
from local_aws.services.states.jsontext import dumps, loads
from local_aws.services.states.maps.map_run_records import ChildInput
from local_aws.services.states.models import Execution
from local_aws.services.states.tasks.resources import parse
from local_aws.services.states.tasks.service_errors import client_error, service_error
from local_aws.times import iso_milliseconds

PUT = "arn:aws:states:::s3:putObject"
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
OUTPUT_TYPES = ("JSON", "JSONL")
#: A file of results is ended once it is this long; on AWS at 5 GB.
FILE_BYTES = 64 << 20


@dataclass(frozen=True)
class Results:
    """What became of a run's children: those that succeeded, those that failed, the inputs that never ran."""

    ended: Callable[[], Iterator[Execution]]
    pending: Callable[[], Iterator[ChildInput]]


@dataclass(frozen=True)
class Writer:
    """``arguments`` has Bucket and Prefix; None writes no files. ``config`` is WriterConfig, None without one."""

    arguments: Mapping[str, Any] | None
    config: Mapping[str, Any] | None

    def output(self, results: Results) -> list[Any]:
        """The state's result where nothing is exported."""
        return list(_transformed(results.ended(), self._transformation("COMPACT")))

    def export(self, clients: Clients, map_run: str, results: Results) -> dict[str, Any]:
        """Write the files; returns the state's result. Writing again writes the same files.

        Raises ``StateError`` States.ResultWriterFailed.
        """
        arguments = self.arguments or {}
        bucket, prefix = str(arguments.get("Bucket", "")), str(arguments.get("Prefix", "")).strip("/")
        folder = "/".join(part for part in (prefix, map_run.rpartition(":")[2]) if part)
        try:
            files = self._write_files(clients, bucket, folder, results)
            manifest = {"DestinationBucket": bucket, "MapRunArn": map_run, "ResultFiles": files}
            key = f"{folder}/manifest.json"
            clients("s3").put_object(Bucket=bucket, Key=key, Body=dumps(manifest).encode())
        except ClientError as error:
            raise StateError(RESULT_WRITER_FAILED, service_error(_RESOURCE, error).cause) from error
        except BotoCoreError as error:
            raise StateError(RESULT_WRITER_FAILED, client_error(_RESOURCE, error).cause) from error
        return {"MapRunArn": map_run, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}

    def _write_files(self, clients: Clients, bucket: str, folder: str, results: Results) -> dict[str, Any]:
        shape = self._transformation("NONE")
        groups: dict[str, Iterable[Any]] = {
            "FAILED": (described(one) for one in results.ended() if one["status"] != "SUCCEEDED"),
            "PENDING": (_pending(one) for one in results.pending()),
            "SUCCEEDED": _transformed((one for one in results.ended() if one["status"] == "SUCCEEDED"), shape),
        }
        lines = (self.config or {}).get("OutputType") == "JSONL"
        files: dict[str, Any] = {}
        for group, values in groups.items():
            files[group] = []
            for number, body in enumerate(_bodies(values, lines=lines)):
                key = f"{folder}/{group}_{number}.{'jsonl' if lines else 'json'}"
                clients("s3").put_object(Bucket=bucket, Key=key, Body=body)
                files[group].append({"Key": key, "Size": len(body)})
        return files

    def _transformation(self, default: str) -> str:
        return str((self.config or {}).get("Transformation", default))


def described(execution: Execution) -> dict[str, Any]:
    """A child as the files show it: its description, with Input and Output as text."""
    succeeded = execution["status"] == "SUCCEEDED"
    found = {
        "Cause": execution["cause"],
        "Error": execution["error"],
        "ExecutionArn": execution["arn"],
        "Input": execution["input"],
        "InputDetails": {"Included": True},
        "Name": execution["name"],
        "Output": execution["output"],
        "OutputDetails": {"Included": True} if execution["output"] is not None else None,
        "RedriveCount": execution.get("redrives", 0),
        "RedriveStatus": "NOT_REDRIVABLE" if succeeded else "REDRIVABLE_BY_MAP_RUN",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven" if succeeded else None,
        "StartDate": iso_milliseconds(execution["started"]),
        "StateMachineArn": execution["machine"],
        "Status": execution["status"],
        "StopDate": iso_milliseconds(execution["stopped"]) if execution["stopped"] else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _pending(entry: ChildInput) -> dict[str, Any]:
    return {"Input": entry["input"], "InputDetails": {"Included": True}, "Status": "PENDING"}


def _transformed(ended: Iterator[Execution], transformation: str) -> Iterator[Any]:
    """A failed child is described in every transformation."""
    for execution in ended:
        if transformation == "NONE" or execution["status"] != "SUCCEEDED":
            yield described(execution)
            continue
        output = loads(execution["output"] or "null")
        if transformation == "FLATTEN" and isinstance(output, list):
            yield from output
        else:
            yield output


def _bodies(values: Iterable[Any], *, lines: bool) -> Iterator[bytes]:
    """Files of JSON arrays or of JSON lines; none for no values."""
    texts: list[bytes] = []
    length = 0
    for value in values:
        texts.append(dumps(value).encode())
        length += len(texts[-1]) + 1
        if length >= FILE_BYTES:
            yield _body(texts, lines=lines)
            texts, length = [], 0
    if texts:
        yield _body(texts, lines=lines)


def _body(texts: list[bytes], *, lines: bool) -> bytes:
    return b"\n".join(texts) + b"\n" if lines else b"[" + b",".join(texts) + b"]"


_RESOURCE = parse("arn:aws:states:::aws-sdk:s3:putObject")
