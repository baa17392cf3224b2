"""Where objects go on disk."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.s3_transfer import TransferError, join_uri, relative_path, split_uri

keys = st.text(alphabet="ab./", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("key", "prefix", "expected"),
    [
        ("data/train/a.csv", "data/train/", "a.csv"),
        ("data/train/deep/a.csv", "data/train", "deep/a.csv"),
        ("data/train/a.csv", "data/train/a.csv", "a.csv"),
        ("data/part-1.csv", "data/part", "part-1.csv"),
        ("data/train2/a.csv", "data/train", "train2/a.csv"),
        ("a.csv", "", "a.csv"),
    ],
)
def test_a_files_path_is_its_key_relative_to_the_folder(key: str, prefix: str, expected: str) -> None:
    assert relative_path(key, prefix) == PurePosixPath(expected)


@pytest.mark.parametrize("key", ["data/../../etc/passwd", "data//etc/passwd", "data/.."])
def test_a_key_that_leads_outside_is_refused(key: str) -> None:
    with pytest.raises(TransferError, match="leads outside"):
        relative_path(key, "data/")


@given(keys, st.integers(0, 12))
def test_no_key_ever_leaves_its_folder(key: str, length: int) -> None:
    try:
        path = relative_path(key, key[:length])
    except TransferError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert path.parts


def test_a_uri_is_split_into_bucket_and_key() -> None:
    assert split_uri("s3://bucket/a/b") == ("bucket", "a/b")
    assert split_uri("s3://bucket") == ("bucket", "")
    for wrong in ("bucket/key", "s3://", "https://bucket/key"):
        with pytest.raises(TransferError, match="must read s3://BUCKET/KEY"):
            split_uri(wrong)


def test_parts_are_joined_by_one_slash() -> None:
    assert join_uri("s3://bucket/models/", "job", "output") == join_uri("s3://bucket/models", "job/output")
