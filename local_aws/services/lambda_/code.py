"""A function's code: from the request or from S3, checked, unpacked once for each content."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.api import ApiError, Context

#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_REQUEST_BYTES = 50 * 1024 * 1024
LARGEST_UNZIPPED_BYTES = 250 * 1024 * 1024

_unpacking = threading.Lock()


@dataclass(frozen=True)
class Code:
    """``digest`` is hexadecimal SHA-256 of the zip; the API shows it in base64."""

    digest: str
    size: int

    @property
    def sha256_base64(self) -> str:
        return base64.b64encode(bytes.fromhex(self.digest)).decode()


def store_code(aws: Context, source: dict[str, Any]) -> Code:
    """Take code from ``ZipFile`` bytes or from ``S3Bucket`` and ``S3Key``; refuses what is not a zip archive."""
    if source.get("ImageUri"):
        raise ApiError("InvalidParameterValueException", "functions from container images are not provided here")
    content = _from_request(source["ZipFile"]) if source.get("ZipFile") else _from_s3(aws, source)
    code = Code(hashlib.sha256(content).hexdigest(), len(content))
    _unpack(content, folder_of(aws, code.digest))
    return code


def folder_of(aws: Context, digest: str) -> Path:
    """Where the code with this digest is unpacked."""
    return aws.state_dir / "lambda" / "code" / digest


def _from_request(content: bytes) -> bytes:
    if len(content) > LARGEST_REQUEST_BYTES:
        message = f"The code is larger than {LARGEST_REQUEST_BYTES} bytes; upload it to S3 instead"
        raise ApiError("RequestEntityTooLargeException", message, 413)
    return content


def _from_s3(aws: Context, source: dict[str, Any]) -> bytes:
    bucket, key, version = source.get("S3Bucket"), source.get("S3Key"), source.get("S3ObjectVersion")
    if not bucket or not key:
        raise ApiError("InvalidParameterValueException", "Please provide a source for function code.")
    place = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
    try:
        content: bytes = aws.client("s3").get_object(**place)["Body"].read()
    except ClientError as error:
        details = error.response["Error"]
        raise ApiError(
            "InvalidParameterValueException",
            f"Error occurred while GetObject. S3 Error Code: {details['Code']}. S3 Error Message: "
            f"{details['Message']} (s3://{bucket}/{key})",
        ) from error
    return content


def _unpack(content: bytes, folder: Path) -> None:
    with _unpacking:
        if folder.exists():
            return
        archive = _checked_archive(content)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Unpacked aside and renamed, so that an interrupted unpacking is never taken for the code.
        temporary = Path(tempfile.mkdtemp(prefix="unpacking-", dir=folder.parent))
        try:
            archive.extractall(temporary)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _checked_archive(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise ApiError(
            "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try again."
        ) from error
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > LARGEST_UNZIPPED_BYTES:
        raise ApiError(
            "InvalidParameterValueException", f"Unzipped size must be smaller than {LARGEST_UNZIPPED_BYTES} bytes"
        )
    for entry in entries:
        if entry.filename.startswith("/") or ".." in Path(entry.filename).parts:
            raise ApiError("InvalidParameterValueException", f"{entry.filename!r} would be written outside the code")
    return archive
