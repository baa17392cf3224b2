"""ItemReader: the items of a distributed Map that come from S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Clients
from local_aws.services.states.errors import ITEM_READER_FAILED, StateError
from local_aws.services.states.jsontext import loads
from local_aws.services.states.maps.item_formats import FormatError, inventory_rows, parse
from local_aws.services.states.tasks.resources import parse as parse_resource
from local_aws.services.states.tasks.service_errors import client_error, service_error

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
#: What a file may hold at most, whatever its format. On AWS a JSON file may have 8 GB, a CSV file 10 GB.
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Items:
    """``values`` in their order; ``keys`` where they are the entries of an object; ``source`` as the context shows."""

    values: list[Any]
    keys: list[str] | None = None
    source: str | None = "STATE_DATA"


def of_state(found: list[Any] | dict[str, Any], source: str = "STATE_DATA") -> Items:
    if isinstance(found, dict):
        return Items(list(found.values()), list(found), source)
    return Items(found, None, source)


@dataclass(frozen=True)
class Reader:
    """An ItemReader with its fields evaluated. ``limit`` is MaxItems, None without one."""

    resource: str
    arguments: Mapping[str, Any]
    config: Mapping[str, Any]
    limit: int | None

    def read(self, clients: Clients) -> Items:
        """Raises ``StateError`` States.ItemReaderFailed."""
        try:
            return self._read(clients)
        except FormatError as error:
            raise StateError(ITEM_READER_FAILED, str(error)) from error
        except ClientError as error:
            raise StateError(ITEM_READER_FAILED, service_error(_RESOURCE, error).cause) from error
        except BotoCoreError as error:
            raise StateError(ITEM_READER_FAILED, client_error(_RESOURCE, error).cause) from error

    def _read(self, clients: Clients) -> Items:
        bucket = self.arguments.get("Bucket", "")
        if self.resource == LIST:
            if self.config.get("Transformation") == "LOAD_AND_FLATTEN":
                return Items(self._load_all(clients, bucket), None, f"S3://{bucket}")
            return Items(list(self._listed(clients)), None, f"S3://{bucket}")
        content = _content(clients, dict(self.arguments))
        source = f"S3://{bucket}/{self.arguments.get('Key', '')}"
        if self.config["InputType"] == "MANIFEST":
            return Items(self._inventory(clients, content), None, source)
        return of_state(parse(content, self.config, self.limit), source)

    def _listed(self, clients: Clients) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        request = dict(self.arguments)
        while True:
            answer = clients("s3").list_objects_v2(**request)
            found += [_entry(entry) for entry in answer.get("Contents", [])]
            if not answer.get("IsTruncated") or (self.limit is not None and len(found) >= self.limit):
                return found[: self.limit]
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def _load_all(self, clients: Clients, bucket: str) -> list[Any]:
        """The items of all the files that are listed, in one list."""
        items: list[Any] = []
        for entry in Reader(self.resource, self.arguments, {}, None)._listed(clients):
            left = None if self.limit is None else self.limit - len(items)
            if left == 0:
                break
            if entry["Size"]:
                parsed = parse(_content(clients, {"Bucket": bucket, "Key": entry["Key"]}), self.config, left)
                items += [{"Key": k, "Value": v} for k, v in parsed.items()] if isinstance(parsed, dict) else parsed
        return items

    def _inventory(self, clients: Clients, content: bytes) -> list[Any]:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html"""
        try:
            manifest = loads(content.decode())
            schema = [field.strip() for field in manifest["fileSchema"].split(",")]
            bucket = manifest["destinationBucket"].rpartition(":")[2]
            keys = [file["key"] for file in manifest["files"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError("The file is no manifest of an S3 inventory in CSV") from error
        items: list[Any] = []
        for key in keys:
            try:
                rows = gzip.decompress(_content(clients, {"Bucket": bucket, "Key": key}))
            except (OSError, EOFError) as error:
                raise FormatError(f"The inventory's file {key} is not compressed by gzip") from error
            items += inventory_rows(rows, schema)
        return items[: self.limit]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One object of a listing, with the names that AWS's example has."""
    modified = entry["LastModified"]
    return {
        "Etag": entry["ETag"],
        "Key": entry["Key"],
        "LastModified": int(modified.timestamp()) if isinstance(modified, datetime) else modified,
        "Size": entry["Size"],
        "StorageClass": entry.get("StorageClass", "STANDARD"),
    }


def _content(clients: Clients, request: dict[str, Any]) -> bytes:
    answer = clients("s3").get_object(**request)
    if answer.get("ContentLength", 0) > MAX_BYTES:
        raise FormatError(f"The file is larger than {MAX_BYTES} bytes, which is the most that local_aws reads")
    body = answer["Body"]
    raw = body.read() if hasattr(body, "read") else body
    return raw.encode() if isinstance(raw, str) else bytes(raw)


_RESOURCE = parse_resource("arn:aws:states:::aws-sdk:s3:getObject")
