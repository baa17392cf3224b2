"""Every way to make an object gives it its Object Lock; moto thinks of it in ``PutObject`` alone.

What the request names goes before the bucket's default retention, which covers parts, copies and form uploads too
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html). Only an upload in one piece needs a checksum
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html), and a bucket may get its lock at any time, as
long as it is versioned (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.s3.exceptions import InvalidBucketState, LockNotEnabled
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from local_aws.seams import around
from local_aws.services.s3_object_lock import STRICTNESS, RetentionError, in_the_future, text_of

MODE, UNTIL, HOLD = (f"x-amz-object-lock-{name}" for name in ("mode", "retain-until-date", "legal-hold"))
#: Where an upload in parts keeps the lock (mode, date, legal hold) that it was begun with.
OF_UPLOAD = "local_aws_lock"


@around(S3Response, "_key_response_put")
def key_response_put(original: Callable[..., Any], response: S3Response, query: dict[str, Any], key_name: str) -> Any:
    _check(response.headers, lambda: response.backend.get_bucket(response.bucket_name).object_lock_enabled)
    if "x-amz-copy-source" not in response.headers or "uploadId" in query:
        return original(response, query, key_name)
    # moto would ask a copy for the checksum of a body.
    response._set_action("KEY", "PUT", query)
    response._authenticate_and_authorize_s3_action(bucket_name=response.bucket_name, key_name=key_name)
    return response.copy_object()


@around(S3Response, "_key_response_post")
def key_response_post(
    original: Callable[..., Any],
    response: S3Response,
    request: Any,
    body: bytes,
    bucket_name: str,
    query: dict[str, Any],
    key_name: str,
) -> Any:
    if "uploads" not in query:
        return original(response, request, body, bucket_name, query, key_name)
    bucket = response.backend.get_bucket(bucket_name)
    _check(request.headers, lambda: bucket.object_lock_enabled)
    before = set(bucket.multiparts)
    answer = original(response, request, body, bucket_name, query, key_name)
    for upload in set(bucket.multiparts) - before:
        lock = tuple(request.headers.get(name) for name in (MODE, UNTIL, HOLD))
        bucket.multiparts[upload].__dict__[OF_UPLOAD] = lock
    return answer


@around(S3Backend, "complete_multipart_upload")
def complete_multipart_upload(
    original: Callable[..., FakeKey | None], backend: S3Backend, bucket_name: str, multipart_id: str, body: Any
) -> FakeKey | None:
    multipart: FakeMultipart | None = backend.get_bucket(bucket_name).multiparts.get(multipart_id)
    key = original(backend, bucket_name, multipart_id, body)
    if key is not None and multipart is not None:
        mode, until, hold = multipart.__dict__.get(OF_UPLOAD, (None, None, None))
        if mode:
            key.lock_mode, key.lock_until = mode, text_of(until)
        key.lock_legal_status = hold or key.lock_legal_status
    return key


@around(S3Backend, "put_object")
def put_object(original: Callable[..., FakeKey], backend: S3Backend, bucket_name: str, *args: Any, **named: Any) -> Any:
    """The bucket's default retention is for whatever comes without one of its own."""
    key = original(backend, bucket_name, *args, **named)
    bucket = backend.get_bucket(bucket_name)
    if key.lock_mode:
        key.lock_until = text_of(str(key.lock_until))
    elif bucket.has_default_lock:
        key.lock_mode, key.lock_until = bucket.default_lock_mode, bucket.default_retention()
    return key


@around(S3Backend, "put_object_lock_configuration")
def put_object_lock_configuration(
    original: Callable[..., None],
    backend: S3Backend,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """Also on a bucket that holds objects: they stay as they are."""
    bucket = backend.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    if mode is not None and (mode not in STRICTNESS or (days or 0) + (years or 0) <= 0):
        raise RetentionError("MalformedXML", "The XML you provided was not well-formed or did not validate")
    bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def _check(headers: Mapping[str, str], enabled: Callable[[], bool]) -> None:
    """Refuses a lock that is incomplete, over before it begins, or of no kind."""
    mode, until, hold = (headers.get(name) for name in (MODE, UNTIL, HOLD))
    if not (mode or until or hold):
        return
    if bool(mode) != bool(until):
        raise RetentionError("InvalidArgument", f"{UNTIL} and {MODE} must both be supplied")
    if mode and mode not in STRICTNESS:
        raise RetentionError("InvalidArgument", "Unknown wormMode directive.")
    if hold and hold not in ("ON", "OFF"):
        raise RetentionError("InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'")
    if until and not in_the_future(until):
        raise RetentionError("InvalidArgument", "The retain until date must be in the future!")
    if (mode or hold == "ON") and not enabled():
        raise LockNotEnabled
