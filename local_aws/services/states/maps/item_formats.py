"""The items in a file that an ItemReader reads.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from local_aws.services.states.jsontext import loads

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
#: A field of a CSV file may be as long as an item.
csv.field_size_limit(1 << 20)


class FormatError(ValueError):
    """The file is not what its InputType says."""


def parse(content: bytes, config: Mapping[str, Any], limit: int | None) -> list[Any] | dict[str, Any]:
    """At most ``limit`` items; an object's items by their keys. Raises ``FormatError``."""
    kind = config["InputType"]
    if kind == "PARQUET":
        return list(islice(_parquet(content), limit))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"The file is not UTF-8 text: {error.reason}") from error
    if kind == "JSON":
        return _json(text, config.get("ItemsPointer", ""), limit)
    rows = _json_lines(text) if kind == "JSONL" else _csv(text, config)
    return list(islice(rows, limit))


def inventory_rows(content: bytes, schema: list[str]) -> Iterator[dict[str, str]]:
    """The rows of one CSV file of an S3 inventory, which has no header."""
    for row in csv.reader(io.StringIO(content.decode())):
        yield dict(zip(schema, row, strict=False))


def _json(text: str, pointer: str, limit: int | None) -> list[Any] | dict[str, Any]:
    try:
        value = loads(text)
    except ValueError as error:
        raise FormatError(f"The file is not JSON: {error}") from error
    for step in pointer.split("/")[1:]:
        value = _inside(value, step.replace("~1", "/").replace("~0", "~"), pointer)
    if isinstance(value, dict):
        return dict(islice(value.items(), limit))
    if not isinstance(value, list):
        raise FormatError("Attempting to map over non-iterable node.")
    return value[:limit]


def _inside(value: Any, step: str, pointer: str) -> Any:
    try:
        return value[int(step)] if isinstance(value, list) else value[step]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise FormatError(f"The ItemsPointer '{pointer}' leads to nothing in the file") from error


def _json_lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield loads(line)
        except ValueError as error:
            raise FormatError(f"Line {number} is not JSON: {error}") from error


def _csv(text: str, config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Values a row lacks are empty; those beyond the header are left out."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[config.get("CSVDelimiter", "COMMA")])
    try:
        given = config.get("CSVHeaderLocation") == "GIVEN"
        header = list(config["CSVHeaders"]) if given else next(rows, [])
        for row in rows:
            if row:
                yield dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=False))
    except csv.Error as error:
        raise FormatError(f"The file is not CSV: {error}") from error


def _parquet(content: bytes) -> Iterator[Any]:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                # Dates and decimals have no JSON of their own: text.
                yield json.loads(json.dumps(row, default=str))
    except ArrowException as error:
        raise FormatError(f"The file is not Parquet: {error}") from error
