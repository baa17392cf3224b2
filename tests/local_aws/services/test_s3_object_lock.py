"""S3 Object Lock holds: what COMPLIANCE keeps nobody shortens, removes or deletes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC).replace(microsecond=0)
LONG, LONGER, SHORT = (NOW + timedelta(days=days) for days in (30, 60, 1))


@pytest.fixture(scope="module")
def s3(local_aws_server: Any) -> Any:
    client = local_aws_server.client("s3")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return client


@pytest.fixture
def put(s3: Any, request: pytest.FixtureRequest) -> Callable[..., dict[str, str]]:
    """Puts an object with a retention; returns what names its version."""

    def make(mode: str = "", until: datetime = LONG) -> dict[str, str]:
        lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until} if mode else {}
        key = f"{request.node.name}-{mode}"
        answer = s3.put_object(Bucket="locked", Key=key, Body=b"x", ChecksumAlgorithm="SHA256", **lock)
        return {"Bucket": "locked", "Key": key, "VersionId": answer["VersionId"]}

    return make


def code(call: Callable[..., Any], **request: Any) -> tuple[str, int]:
    """How a call is refused; ("", 200) when it is not."""
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200


def retain(s3: Any, version: dict[str, str], mode: str, until: datetime | None, **more: Any) -> tuple[str, int]:
    retention = {"Mode": mode, "RetainUntilDate": until} if until else {}
    return code(s3.put_object_retention, **version, Retention=retention, **more)


DENIED, DONE = ("AccessDenied", 403), ("", 200)


def test_compliance_can_only_be_extended(s3: Any, put: Callable[..., dict[str, str]]) -> None:
    version = put("COMPLIANCE")
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        assert retain(s3, version, "COMPLIANCE", SHORT, **bypass) == DENIED
        assert retain(s3, version, "GOVERNANCE", LONGER, **bypass) == DENIED
        assert retain(s3, version, "", None, **bypass) == DENIED
        assert code(s3.delete_object, **version, **bypass) == DENIED
    assert retain(s3, version, "COMPLIANCE", LONGER) == DONE
    assert s3.get_object_retention(**version)["Retention"] == {"Mode": "COMPLIANCE", "RetainUntilDate": LONGER}
    assert retain(s3, version, "COMPLIANCE", LONG) == DENIED


def test_governance_yields_only_to_a_bypass(s3: Any, put: Callable[..., dict[str, str]]) -> None:
    version = put("GOVERNANCE")
    assert retain(s3, version, "GOVERNANCE", SHORT) == DENIED
    assert retain(s3, version, "", None) == DENIED
    assert code(s3.delete_object, **version) == DENIED
    assert code(s3.delete_object, **version, BypassGovernanceRetention=False) == DENIED
    assert retain(s3, version, "GOVERNANCE", LONGER) == DONE
    assert retain(s3, version, "GOVERNANCE", SHORT, BypassGovernanceRetention=True) == DONE
    assert retain(s3, version, "", None, BypassGovernanceRetention=True) == DONE
    assert code(s3.get_object_retention, **version)[0] == "NoSuchObjectLockConfiguration"
    assert code(s3.delete_object, **version) == DONE
    other = put("GOVERNANCE")
    assert code(s3.delete_object, **other, BypassGovernanceRetention=True) == DONE


def test_legal_hold_keeps_a_version_until_it_is_lifted(s3: Any, put: Callable[..., dict[str, str]]) -> None:
    version = put()
    s3.put_object_legal_hold(**version, LegalHold={"Status": "ON"})
    assert code(s3.delete_object, **version, BypassGovernanceRetention=True) == DENIED
    s3.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
    assert code(s3.delete_object, **version) == DONE


def test_many_deletions_keep_what_is_locked_and_a_marker_hides_it_only(
    s3: Any, put: Callable[..., dict[str, str]]
) -> None:
    version = put("COMPLIANCE")
    named = {"Key": version["Key"], "VersionId": version["VersionId"]}
    answer = s3.delete_objects(Bucket="locked", Delete={"Objects": [named]}, BypassGovernanceRetention=True)
    assert [error["Key"] for error in answer["Errors"]] == [version["Key"]]
    assert "Deleted" not in answer
    assert s3.delete_object(Bucket="locked", Key=version["Key"])["DeleteMarker"]
    assert s3.get_object(**version)["Body"].read() == b"x"


def test_a_date_in_the_past_and_a_suspended_versioning_are_refused(s3: Any, put: Callable[..., dict[str, str]]) -> None:
    assert retain(s3, put(), "COMPLIANCE", NOW - timedelta(days=1)) == ("InvalidArgument", 400)
    suspended = {"Bucket": "locked", "VersioningConfiguration": {"Status": "Suspended"}}
    assert code(s3.put_bucket_versioning, **suspended)[0] == "InvalidBucketState"
