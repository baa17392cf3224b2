"""S3 Object Lock that holds: moto lets anyone shorten or remove a retention.

In COMPLIANCE mode a retention can only be extended; in GOVERNANCE mode it takes
``x-amz-bypass-governance-retention: true`` to shorten or remove it
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html). Versioning of such a bucket cannot be
suspended (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import xmltodict  # type: ignore[import-untyped]
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.s3.exceptions import AccessDeniedByLock, S3ClientError
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

from local_aws.seams import around

BYPASS = "x-amz-bypass-governance-retention"
#: How strict a mode is; none is the least.
STRICTNESS = {None: 0, "GOVERNANCE": 1, "COMPLIANCE": 2}


class RetentionError(S3ClientError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


@around(S3Response, "put_object_retention")
def put_object_retention(original: Callable[[S3Response], Any], response: S3Response) -> Any:
    """Refuses what would weaken a retention that still runs."""
    mode, until = response._mode_until_from_body()
    if mode is not None and (mode not in STRICTNESS or until is None):
        raise RetentionError("MalformedXML", "The XML you provided was not well-formed or did not validate")
    if until is not None and not in_the_future(until):
        raise RetentionError("InvalidArgument", "The retain until date must be in the future!")
    version = response._get_param("versionId")
    key = response.backend.get_object(response.bucket_name, response.parse_key_name(), version_id=version)
    if isinstance(key, FakeKey) and _weakens(key, mode, until, bypass=_asks_bypass(response)):
        raise AccessDeniedByLock
    return original(response)


@around(S3Response, "_key_response_get")
def key_response_get(original: Callable[..., Any], response: S3Response, query: dict[str, Any], key_name: str) -> Any:
    """moto answers ``GetObjectRetention`` with the object itself."""
    if "retention" not in query:
        return original(response, query, key_name)
    key, _ = response._get_key()
    if not key.lock_mode or not key.lock_until:
        raise RetentionError(
            "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration"
        )
    response.data["Action"] = "GetObjectRetention"
    retention = {"Mode": key.lock_mode, "RetainUntilDate": _moment(key.lock_until)}
    return response.serialized(ActionResult({"Retention": retention}))


@around(S3Response, "_mode_until_from_body")
def mode_until_from_body(original: Callable[[S3Response], Any], response: S3Response) -> tuple[str | None, str | None]:
    """An empty ``Retention`` element removes the retention; moto fails on it."""
    retention = xmltodict.parse(response.body).get("Retention") or {}
    return retention.get("Mode"), retention.get("RetainUntilDate")


@around(FakeKey, "is_locked")
def is_locked(original: Callable[[FakeKey, bool], bool], key: FakeKey, governance_bypass: Any) -> bool:
    """The header's text counts, not whether there is one."""
    return original(key, str(governance_bypass).lower() == "true")


@around(S3Backend, "put_bucket_versioning")
def put_bucket_versioning(original: Callable[..., Any], backend: S3Backend, bucket_name: str, status: str) -> Any:
    if status != "Enabled" and backend.get_bucket(bucket_name).object_lock_enabled:
        raise RetentionError(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        )
    return original(backend, bucket_name, status)


def _weakens(key: FakeKey, mode: str | None, until: str | None, *, bypass: bool) -> bool:
    if not key.lock_mode or not key.lock_until or _moment(key.lock_until) <= _now():
        return False
    if key.lock_mode == "GOVERNANCE" and bypass:
        return False
    shorter = until is None or _moment(until) < _moment(key.lock_until)
    return shorter or STRICTNESS[mode] < STRICTNESS[key.lock_mode]


def in_the_future(text: str) -> bool:
    """Whether an ISO 8601 date is still to come. Refuses what is no date."""
    try:
        return _moment(text) > _now()
    except ValueError as error:
        raise RetentionError("InvalidArgument", "The retain until date must be provided in ISO 8601 format") from error


def text_of(date: str) -> str:
    """An ISO 8601 date in the one form that moto reads."""
    return _moment(date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _asks_bypass(response: S3Response) -> bool:
    return str(response.headers.get(BYPASS, "")).lower() == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _now() -> datetime:
    return utcnow().replace(tzinfo=UTC)
