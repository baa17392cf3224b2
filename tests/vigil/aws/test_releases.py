from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vigil.aws.releases import (
    ReleaseNotFoundError,
    ReleaseRecord,
    find_release,
    last_release,
    list_releases,
    record_release,
)

START = datetime(2024, 5, 1, tzinfo=UTC)


def record(version: str, *quarters: str, profile: str = "full", hours: int = 0) -> ReleaseRecord:
    return ReleaseRecord(
        name="faers",
        version=version * 64,
        prefix=f"s3://d/datasets/faers/{version * 64}/",
        tag=f"faers-{version * 12}",
        quarters=quarters,
        profile=profile,
        rows={"train": 1},
        serious_rate=0.5,
        schema_version=2,
        engine="duckdb",
        curation_revision="r",
        archives=tuple(f"{quarter}-{version}" for quarter in quarters),
        released_at=START + timedelta(hours=hours),
    )


@pytest.fixture
def bucket(stack):
    return stack.parameters.buckets.datasets


def test_releases_are_listed_oldest_first_and_written_once(bucket):
    first, second = record("b", "2023Q1", "2023Q2", hours=1), record("a", "2023Q1", "2023Q2", "2023Q3", hours=2)
    assert record_release(second, bucket) and record_release(first, bucket)
    assert not record_release(first.model_copy(update={"engine": "spark"}), bucket)
    assert list_releases() == [first, second]


def test_a_release_is_found_by_the_first_characters_of_its_version(bucket):
    made = record("a", "2023Q1", "2023Q2")
    record_release(made, bucket)
    assert find_release("aaaaaaaaaaaa") == made
    for unknown in ("bbbbbbbbbbbb", "aaa", ""):
        with pytest.raises(ReleaseNotFoundError, match="vigil datasets list"):
            find_release(unknown)


def test_a_version_that_is_not_told_apart_is_refused(bucket):
    for end in "bc":
        made = record("a", "2023Q1", "2023Q2")
        record_release(made.model_copy(update={"version": "a" * 63 + end}), bucket)
    with pytest.raises(ReleaseNotFoundError, match="2 releases have versions that begin with 'aaaaaaaa'"):
        find_release("aaaaaaaa")


def test_the_last_release_is_that_of_the_same_profile_which_reaches_furthest_but_not_beyond(bucket):
    history = [
        record("1", "2023Q1", "2023Q2", hours=1),
        record("2", "2023Q1", "2023Q2", hours=2),
        record("3", "2023Q1", "2023Q3", hours=0),
        record("4", "2023Q1", "2023Q4", profile="synthetic"),
        record("5", "2023Q1", "2024Q1"),
    ]
    for each in history:
        record_release(each, bucket)
    assert last_release("full", "2023Q4") == history[2]
    assert last_release("full", "2023Q2") == history[1]
    assert last_release("full", "2023Q2", history[1].archives) == history[0], "a run that is repeated"
    assert last_release("full", "2022Q4") is None
    assert last_release("openfda-sample", "2024Q4") is None
