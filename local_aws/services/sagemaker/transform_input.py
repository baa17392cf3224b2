"""The objects that a transform job reads: all under a prefix, or those that a manifest names.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformS3DataSource.html
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from local_aws.api import Context
from local_aws.services.s3_transfer import TransferError, download_file, join_uri, keys_under, relative_path, split_uri
from local_aws.services.sagemaker.transform_shapes import TransformInput

LARGEST_MANIFEST_BYTES = 16 * 1024 * 1024


def sources(context: Context, source: TransformInput, folder: Path) -> Iterator[tuple[str, str]]:
    """(URI, path of the output without ``.out``) of each object. Raises ``TransferError``."""
    described = source["DataSource"]["S3DataSource"]
    if described["S3DataType"] == "ManifestFile":
        yield from _of_manifest(context, described["S3Uri"], folder)
        return
    bucket, prefix = split_uri(described["S3Uri"])
    for key in keys_under(context, described["S3Uri"]):
        yield f"s3://{bucket}/{key}", relative_path(key, prefix).as_posix()


def fetch(context: Context, uri: str, source: TransformInput, target: Path) -> Path:
    """The object as a file, unpacked if the job says that it is compressed. Raises ``TransferError``."""
    download_file(context, uri, target)
    if source.get("CompressionType", "None") == "None":
        return target
    unpacked = target.with_name(f"{target.name}.unpacked")
    try:
        with gzip.open(target) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except (OSError, EOFError) as error:
        raise TransferError(f"{uri} is not compressed with gzip: {error}") from error
    target.unlink()
    return unpacked


def _of_manifest(context: Context, uri: str, folder: Path) -> Iterator[tuple[str, str]]:
    file = download_file(context, uri, folder / "manifest")
    try:
        if file.stat().st_size > LARGEST_MANIFEST_BYTES:
            raise ValueError
        head, *names = json.loads(file.read_bytes())
        prefix = str(head["prefix"])
        if not all(isinstance(name, str) for name in names):
            raise TypeError
    except (ValueError, TypeError, KeyError) as error:
        raise TransferError(f'{uri} is not a manifest: it must read [{{"prefix": "s3://…"}}, "key", …]') from error
    for name in names:
        yield join_uri(prefix, name.lstrip("/")), relative_path(name.lstrip("/"), "").as_posix()
