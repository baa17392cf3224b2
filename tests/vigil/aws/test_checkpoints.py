"""Checkpoints in the bucket: put once, found again, kept under the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from ledger_world import BUCKET, client_in_moto, create_bucket

from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR, Checkpoint
from vigil.aws.checkpoints import LAST_NUMBER, MOST_PLANTED, CheckpointBucket, key_of


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client_in_moto(monkeypatch, "s3") as client:
        create_bucket(client)
        yield client


def checkpoint(number: int) -> Checkpoint:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    return Checkpoint(
        number=number, at=at, heads=[], previous_digest=NO_PREDECESSOR, signing_key="k", signature=str(number)
    )


def newest(s3: Any, hint: int = 0) -> Checkpoint | None:
    return CheckpointBucket(s3, BUCKET, hint).newest(lambda _: True).checkpoint


def test_a_bucket_without_checkpoints_has_no_newest(s3: Any) -> None:
    assert newest(s3) is None


@pytest.mark.parametrize("hint", [0, 1, 5, 9, 40])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 17])
def test_the_newest_is_found_from_wherever_one_begins(s3: Any, count: int, hint: int) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    for number in range(1, count + 1):
        assert bucket.put(checkpoint(number))
    assert newest(s3, hint) == checkpoint(count)
    assert [each.number for each in bucket.all()] == list(range(1, count + 1))


def test_a_number_is_put_once(s3: Any) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    assert bucket.put(checkpoint(1))
    assert not bucket.put(checkpoint(1).model_copy(update={"signature": "another"}))
    assert newest(s3) == checkpoint(1)


@pytest.mark.parametrize("hint", [0, 2])
@pytest.mark.parametrize("numbers", [[3], [4], [3, 4], [LAST_NUMBER], [3, 5, 9, 700, LAST_NUMBER]])
def test_what_is_no_checkpoint_is_passed_over_and_named(s3: Any, numbers: list[int], hint: int) -> None:
    bucket = CheckpointBucket(s3, BUCKET, hint)
    bucket.put(checkpoint(1))
    bucket.put(checkpoint(2))
    for number in numbers:
        s3.put_object(Bucket=BUCKET, Key=key_of(number), Body=b"\xff{")
    found = bucket.newest(lambda _: True)
    assert found.checkpoint == checkpoint(2)
    assert set(found.planted) <= set(numbers)
    assert found.number not in numbers
    assert bucket.put(checkpoint(found.number))
    assert newest(s3, hint) == checkpoint(found.number)


def test_one_that_is_not_signed_by_us_is_passed_over(s3: Any) -> None:
    bucket = CheckpointBucket(s3, BUCKET)
    bucket.put(checkpoint(1))
    bucket.put(checkpoint(2))
    found = bucket.newest(lambda each: each.number == 1)
    assert (found.checkpoint, list(found.planted), found.number) == (checkpoint(1), [2], 3)


def test_too_many_that_are_none_stop_sealing_loudly(s3: Any) -> None:
    for number in range(1, MOST_PLANTED + 2):
        s3.put_object(Bucket=BUCKET, Key=key_of(number), Body=b"x")
    with pytest.raises(LedgerBrokenError, match="see who may put objects there"):
        CheckpointBucket(s3, BUCKET).newest(lambda _: True)


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
