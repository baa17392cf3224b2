"""However an object is made, its Object Lock holds.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC).replace(microsecond=0)
LATER, EARLIER = NOW + timedelta(days=30), NOW - timedelta(days=1)
LOCK = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": LATER}
DENIED = ("AccessDenied", 403)
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def s3(local_aws_server: Any) -> Any:
    client = local_aws_server.client("s3")
    for name in ("lock-own", "lock-default"):
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    default = {"Mode": "COMPLIANCE", "Days": 10}
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    client.put_object_lock_configuration(Bucket="lock-default", ObjectLockConfiguration=rule)
    return client


def code(call: Callable[..., Any], **request: Any) -> tuple[str, int]:
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200


def delete(s3: Any, bucket: str, key: str) -> tuple[str, int]:
    version = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"][0]["VersionId"]
    return code(s3.delete_object, Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True)


def upload_in_parts(s3: Any, bucket: str, **lock: Any) -> None:
    config = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
    s3.upload_fileobj(io.BytesIO(bytes(6 * MEBIBYTE)), bucket, "parts", Config=config, ExtraArgs=lock)


@pytest.mark.parametrize(("bucket", "lock"), [("lock-default", {}), ("lock-own", LOCK)])
def test_an_upload_in_parts_is_kept(s3: Any, bucket: str, lock: dict[str, Any]) -> None:
    upload_in_parts(s3, bucket, **lock)
    assert s3.get_object_retention(Bucket=bucket, Key="parts")["Retention"]["Mode"] == "COMPLIANCE"
    assert delete(s3, bucket, "parts") == DENIED


def test_what_an_upload_names_goes_before_the_default(s3: Any) -> None:
    hold = {**LOCK, "ObjectLockLegalHoldStatus": "ON"}
    upload = s3.create_multipart_upload(Bucket="lock-default", Key="named", **hold)["UploadId"]
    named = {"Bucket": "lock-default", "Key": "named", "UploadId": upload}
    etag = s3.upload_part(**named, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    found = s3.head_object(Bucket="lock-default", Key="named")
    assert (found["ObjectLockRetainUntilDate"], found["ObjectLockLegalHoldStatus"]) == (LATER, "ON")


def test_a_copy_is_kept_without_a_checksum(s3: Any) -> None:
    s3.put_object(Bucket="lock-own", Key="source", Body=b"x")
    source = {"Bucket": "lock-own", "Key": "source"}
    s3.copy_object(Bucket="lock-default", Key="copy", CopySource=source)
    assert delete(s3, "lock-default", "copy") == DENIED
    s3.copy_object(Bucket="lock-own", Key="copy", CopySource=source, **LOCK)
    assert s3.get_object_retention(Bucket="lock-own", Key="copy")["Retention"]["RetainUntilDate"] == LATER
    assert delete(s3, "lock-own", "copy") == DENIED
    assert delete(s3, "lock-own", "source") == ("", 200)


def test_a_held_object_gets_the_default_retention_too(s3: Any) -> None:
    s3.put_object(Bucket="lock-default", Key="held", Body=b"x", ObjectLockLegalHoldStatus="ON")
    s3.put_object_legal_hold(Bucket="lock-default", Key="held", LegalHold={"Status": "OFF"})
    assert delete(s3, "lock-default", "held") == DENIED


@pytest.mark.parametrize("operation", ["put_object", "copy_object", "create_multipart_upload"])
def test_a_lock_of_no_use_is_refused(s3: Any, operation: str) -> None:
    s3.put_object(Bucket="lock-own", Key="any", Body=b"x")
    request: dict[str, Any] = {"Bucket": "lock-own", "Key": "refused"}
    if operation == "copy_object":
        request["CopySource"] = "lock-own/any"
    call = getattr(s3, operation)
    invalid = ("InvalidArgument", 400)
    assert code(call, **request, **{**LOCK, "ObjectLockRetainUntilDate": EARLIER}) == invalid
    assert code(call, **request, ObjectLockMode="COMPLIANCE") == invalid
    assert code(call, **request, **{**LOCK, "ObjectLockMode": "NONE"}) == invalid
    s3.create_bucket(Bucket="no-lock")
    assert code(call, **{**request, "Bucket": "no-lock"}, **LOCK) == ("InvalidRequest", 400)


def test_a_bucket_with_objects_gets_a_lock_once_it_is_versioned(s3: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html"""
    s3.create_bucket(Bucket="lock-later")
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}
    request = {"Bucket": "lock-later", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule}}
    assert code(s3.put_object_lock_configuration, **request)[0] == "InvalidBucketState"
    s3.put_bucket_versioning(Bucket="lock-later", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="lock-later", Key="before", Body=b"x")
    s3.put_object_lock_configuration(**request)
    s3.put_object(Bucket="lock-later", Key="after", Body=b"x")
    assert delete(s3, "lock-later", "after") == DENIED
    assert delete(s3, "lock-later", "before") == ("", 200)
