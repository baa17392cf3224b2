"""Objects to files and files to objects, for services that stage data around a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context


class TransferError(Exception):
    """Something could not be read from or written to S3; the message names the URI."""


def split_uri(uri: str) -> tuple[str, str]:
    """``s3://bucket/key`` as (bucket, key). Raises ``TransferError``."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise TransferError(f"{uri!r} is not an S3 URI: it must read s3://BUCKET/KEY")
    return bucket, key


def join_uri(uri: str, *parts: str) -> str:
    return "/".join([uri.rstrip("/"), *parts])


def keys_under(context: Context, uri: str) -> Iterator[str]:
    """Keys that begin with the URI's key, folder markers left out, in S3's order. Raises ``TransferError``."""
    bucket, prefix = split_uri(uri)
    try:
        for page in context.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield entry["Key"]
    except (ClientError, BotoCoreError) as error:
        raise TransferError(f"{uri} could not be listed: {error}") from error


def has_objects(context: Context, uri: str) -> bool:
    """Whether any object lies under the URI; a bucket that does not exist holds none."""
    try:
        return next(keys_under(context, uri), None) is not None
    except TransferError:
        return False


def download_file(context: Context, uri: str, target: Path) -> Path:
    """One object to one file, folders made as needed. Raises ``TransferError``."""
    bucket, key = split_uri(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        context.client("s3").download_file(bucket, key, str(target))
    except (ClientError, BotoCoreError, OSError) as error:
        raise TransferError(f"{uri} could not be downloaded: {error}") from error
    return target


def download_prefix(context: Context, uri: str, folder: Path) -> int:
    """Every object whose key begins with the URI's key; returns how many.

    A file's path is its key relative to the URI taken as a folder; of an object that only shares the
    beginning (``data/part`` for ``data/part-1.csv``) it is relative to the folder that holds it.
    """
    bucket, prefix = split_uri(uri)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for key in keys_under(context, uri):
        download_file(context, f"s3://{bucket}/{key}", folder / relative_path(key, prefix))
        count += 1
    return count


def relative_path(key: str, prefix: str) -> PurePosixPath:
    """Where the object ``key`` found under ``prefix`` goes. Raises ``TransferError`` if that is outside."""
    base = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    if not key.startswith(base):
        base = prefix[: prefix.rfind("/") + 1]
    path = PurePosixPath(key[len(base) :])
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise TransferError(f"the key {key!r} leads outside of its folder: rename the object")
    return path


def upload_file(context: Context, source: Path, uri: str, kms_key: str | None = None) -> None:
    """One file to one object. Raises ``TransferError``."""
    bucket, key = split_uri(uri)
    options: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    try:
        context.client("s3").upload_file(str(source), bucket, key, ExtraArgs=options)
    except (S3UploadFailedError, ClientError, BotoCoreError, OSError) as error:
        raise TransferError(f"{uri} could not be written: {error}") from error


def upload_folder(context: Context, folder: Path, uri: str, kms_key: str | None = None) -> int:
    """Every file below ``folder``, by its relative path; returns how many."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        upload_file(context, path, join_uri(uri, path.relative_to(folder).as_posix()), kms_key)
    return len(files)
