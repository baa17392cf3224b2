"""Records of batch transform: cut into payloads, filtered before the model, joined and filtered after it.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonpath

from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.transform_shapes import CreateTransformJobRequest

MEGABYTE = 1024 * 1024
CSV, JSON = "text/csv", "application/json"
JSON_LINES = ("application/jsonlines", "application/x-jsonlines", "application/jsonl")


class RecordError(Exception):
    """An input cannot be cut, filtered or joined; the message names what is wrong, never the data."""


def payloads(file: Path, *, split: bool, single: bool, limit_bytes: int) -> Iterator[list[bytes]]:
    """The records of each request: all of the file, one line, or as many lines as fit. Raises ``RecordError``."""
    if not split:
        if limit_bytes and file.stat().st_size > limit_bytes:
            raise RecordError(f"the object is larger than MaxPayloadInMB ({limit_bytes // MEGABYTE} MB): set SplitType")
        yield [file.read_bytes()]
        return
    batch: list[bytes] = []
    size = 0
    with file.open("rb") as stream:
        for line in stream:
            if limit_bytes and len(line) > limit_bytes:
                raise RecordError(f"a record is larger than MaxPayloadInMB ({limit_bytes // MEGABYTE} MB)")
            if batch and (single or (limit_bytes and size + len(line) > limit_bytes)):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line)
    if batch:
        yield batch


def check(request: CreateTransformJobRequest) -> None:
    """Raises a ValidationException for data processing that cannot be done."""
    if processing_of(request) is None:
        return
    content = request["TransformInput"].get("ContentType", "").partition(";")[0]
    accept = request["TransformOutput"].get("Accept", content).partition(";")[0]
    if content not in (CSV, JSON, *JSON_LINES) or accept not in (CSV, JSON, *JSON_LINES):
        raise validation_error(f"DataProcessing needs ContentType and Accept to be {CSV}, {JSON} or {JSON_LINES[0]}.")
    if (content == CSV) != (accept == CSV):
        raise validation_error("DataProcessing needs ContentType and Accept to be both CSV or both JSON.")
    split = request["TransformInput"].get("SplitType", "None")
    if split == "Line" and request["TransformOutput"].get("AssembleWith", "None") != "Line":
        raise validation_error("DataProcessing with SplitType Line needs AssembleWith Line.")


@dataclass(frozen=True)
class Processing:
    """``lines``: a payload holds a record for each line; otherwise it is one JSON document."""

    is_csv: bool
    lines: bool
    before: jsonpath.JSONPath | jsonpath.CompoundJSONPath | None
    after: jsonpath.JSONPath | jsonpath.CompoundJSONPath | None
    join: bool

    def prepare(self, records: list[bytes]) -> list[bytes]:
        """What the model is given. Raises ``RecordError``."""
        if self.before is None:
            return records
        return [self._format(_select(self.before, self._parse(one))) for one in self._each(b"".join(records))]

    def finish(self, records: list[bytes], answer: bytes) -> bytes:
        """What is kept of the model's answer to ``records``. Raises ``RecordError``."""
        given, made = self._each(b"".join(records)), self._each(answer)
        if self.join and len(given) != len(made):
            raise RecordError(f"the model answered {len(given)} records with {len(made)}: they cannot be joined")
        kept = []
        for number, text in enumerate(made):
            value = self._parse(text)
            if self.join:
                value = self._joined(self._parse(given[number]), value)
            kept.append(self._format(value if self.after is None else _select(self.after, value)))
        return b"".join(kept) if self.lines else b"".join(kept).rstrip(b"\n")

    def _each(self, payload: bytes) -> list[bytes]:
        return [line for line in payload.splitlines() if line.strip()] if self.lines else [payload]

    def _parse(self, text: bytes) -> Any:
        try:
            if self.is_csv:
                return next(csv.reader([text.decode("utf-8")]))
            return json.loads(text)
        except (ValueError, csv.Error, StopIteration) as error:
            raise RecordError(f"a record is not {'CSV' if self.is_csv else 'JSON'}") from error

    def _joined(self, given: Any, made: Any) -> Any:
        if self.is_csv:
            return [*given, *made]
        if isinstance(given, dict):
            return {**given, "SageMakerOutput": made}
        return {"SageMakerInput": given, "SageMakerOutput": made}

    def _format(self, value: Any) -> bytes:
        if not self.is_csv:
            return json.dumps(value, separators=(",", ":")).encode() + b"\n"
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(value if isinstance(value, list) else [value])
        return row.getvalue().encode()


def processing_of(request: CreateTransformJobRequest) -> Processing | None:
    """None when records pass as they are. Raises a ValidationException for a filter that is not JSONPath."""
    wanted = request.get("DataProcessing", {})
    before, after = _compiled(wanted.get("InputFilter", "$")), _compiled(wanted.get("OutputFilter", "$"))
    join = wanted.get("JoinSource", "None") == "Input"
    if before is None and after is None and not join:
        return None
    content = request["TransformInput"].get("ContentType", "").partition(";")[0]
    split = request["TransformInput"].get("SplitType", "None") == "Line"
    return Processing(content == CSV, split or content != JSON, before, after, join)


def _compiled(expression: str) -> jsonpath.JSONPath | jsonpath.CompoundJSONPath | None:
    if expression in ("", "$"):
        return None
    try:
        return jsonpath.compile(expression)
    except jsonpath.JSONPathError as error:
        raise validation_error(f"The filter {expression} is not a JSONPath expression: {error}") from error


def _select(path: jsonpath.JSONPath | jsonpath.CompoundJSONPath, value: Any) -> Any:
    """One value for a path that names one; else the chosen members of an object, or the chosen items as a list."""
    found = list(path.finditer(value))
    if not found:
        raise RecordError(f"the filter {path} finds nothing in a record")
    if isinstance(path, jsonpath.JSONPath) and path.singular_query():
        return found[0].value
    if isinstance(value, dict) and all(len(match.parts) == 1 for match in found):
        return {str(match.parts[0]): match.value for match in found}
    return [match.value for match in found]
