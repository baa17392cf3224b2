"""Checkpoints in the bucket: put once, found again, kept under the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from ledger_world import BUCKET, create_bucket
from moto import mock_aws

from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR, Checkpoint
from vigil.aws.checkpoints import CheckpointBucket, key_of


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        create_bucket(client)
        yield client


def checkpoint(number: int) -> Checkpoint:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    return Checkpoint(
        number=number, at=at, heads=[], previous_digest=NO_PREDECESSOR, signing_key="k", signature=str(number)
    )


def test_a_bucket_without_checkpoints_has_no_newest(s3: Any) -> None:
    assert CheckpointBucket(s3, BUCKET).latest() is None


@pytest.mark.parametrize("hint", [0, 1, 5, 9, 40])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 17])
def test_the_newest_is_found_from_wherever_one_begins(s3: Any, count: int, hint: int) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    for number in range(1, count + 1):
        assert bucket.put(checkpoint(number))
    assert CheckpointBucket(s3, BUCKET, hint).latest() == checkpoint(count)
    assert [each.number for each in bucket.all()] == list(range(1, count + 1))


def test_a_number_is_put_once(s3: Any) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    assert bucket.put(checkpoint(1))
    assert not bucket.put(checkpoint(1).model_copy(update={"signature": "another"}))
    assert bucket.latest() == checkpoint(1)


def test_what_lies_in_the_place_of_the_newest_and_is_none_is_said_to_be(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=key_of(3), Body=b"\xff{")
    with pytest.raises(LedgerBrokenError) as caught:
        CheckpointBucket(s3, BUCKET).latest()
    assert caught.value.findings[0].kind is Kind.CHECKPOINT_ALTERED
    (stored,) = CheckpointBucket(s3, BUCKET).texts()
    assert stored.place == 3


def test_a_checkpoint_that_is_kept_cannot_be_removed_before_its_time(s3: Any) -> None:
    CheckpointBucket(s3, BUCKET).put(checkpoint(1))
    head = s3.head_object(Bucket=BUCKET, Key=key_of(1))
    assert head["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key=key_of(1), VersionId=head["VersionId"], BypassGovernanceRetention=True)


def test_a_finding_is_new_once(s3: Any) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    found = Finding(kind=Kind.CUT, chain="stack", sequence=1, explanation="x")
    assert bucket.keep_finding(found)
    assert not bucket.keep_finding(found)
    assert bucket.keep_finding(found.model_copy(update={"sequence": 2}))
