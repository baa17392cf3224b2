from __future__ import annotations

import pytest

from vigil.aws.objects import (
    ObjectError,
    S3Uri,
    get_bytes,
    get_file,
    get_prefix,
    list_prefix,
    put_bytes,
    put_file,
    put_new,
)


@pytest.fixture
def root(stack) -> S3Uri:
    return S3Uri(stack.parameters.buckets.datasets, "a/b/")


def test_addresses_are_read_and_joined():
    uri = S3Uri.parse("s3://bucket/a/b/")
    assert (uri.bucket, uri.key, uri.name) == ("bucket", "a/b/", "b")
    assert str(uri / "c.txt") == "s3://bucket/a/b/c.txt"
    assert str(S3Uri.parse("s3://bucket") / "c") == "s3://bucket/c"


@pytest.mark.parametrize("text", ["", "bucket/key", "https://bucket/key", "s3://", "s3:///key"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ObjectError, match="is not an S3 address"):
        S3Uri.parse(text)


def test_an_object_is_put_only_where_nothing_is(root, tmp_path):
    for content in (b"first", b"second"):
        (tmp_path / "file").write_bytes(content)
        assert put_new(tmp_path / "file", root / "x") is (content == b"first")
    assert get_bytes(root / "x") == b"first"


def test_a_missing_object_is_named(root, tmp_path):
    with pytest.raises(ObjectError, match="there is no s3://vigil-unit-datasets/a/b/x"):
        get_bytes(root / "x")
    with pytest.raises(ObjectError, match="there is no s3://vigil-unit-datasets/a/b/x"):
        get_file(root / "x", tmp_path / "x")


def test_a_prefix_is_listed_and_fetched_with_its_folders(root, tmp_path):
    put_bytes(b"1", root / "one.txt")
    (tmp_path / "two").write_bytes(b"2")
    put_file(tmp_path / "two", root / "deep/two.txt")
    put_bytes(b"3", S3Uri(root.bucket, "a/other.txt"))
    assert list_prefix(root) == ["deep/two.txt", "one.txt"]
    assert get_prefix(root, tmp_path / "got") == ["deep/two.txt", "one.txt"]
    assert (tmp_path / "got/deep/two.txt").read_bytes() == b"2"


def test_a_key_that_leaves_the_folder_is_refused(root, tmp_path):
    put_bytes(b"1", S3Uri(root.bucket, "a/b/../../../evil.txt"))
    with pytest.raises(ObjectError, match="points outside the folder"):
        get_prefix(root, tmp_path / "got")
    assert not (tmp_path.parent / "evil.txt").exists()
