from __future__ import annotations

import pytest

from vigil.aws.objects import (
    ObjectError,
    S3Uri,
    delete_prefix,
    get_bytes,
    get_file,
    get_prefix,
    list_prefix,
    object_identity,
    put_bytes,
    put_file,
    put_new,
    put_new_bytes,
)
from vigil.aws.spark_exchange import S3Exchange


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


def test_bytes_too_are_put_only_where_nothing_is(root):
    assert put_new_bytes(b"first", root / "x")
    assert not put_new_bytes(b"second", root / "x")
    assert get_bytes(root / "x") == b"first"


def test_an_object_is_told_apart_from_what_it_was(root):
    put_bytes(b"one", root / "x")
    before = object_identity(root / "x")
    assert object_identity(root / "x") == before
    put_bytes(b"two", root / "x")
    assert object_identity(root / "x") != before
    with pytest.raises(ObjectError, match="there is no s3://"):
        object_identity(root / "nothing")


def test_a_prefix_is_deleted_with_all_below_and_nothing_beside(root):
    for name in ("gone/a", "gone/b/c", "goner"):
        put_bytes(b"x", root / name)
    delete_prefix(root / "gone/")
    assert list_prefix(root) == ["goner"]
    with pytest.raises(ObjectError, match="is no folder"):
        delete_prefix(root / "goner")


def test_what_driver_and_executors_exchange_is_gone_afterwards(root, tmp_path):
    exchange = S3Exchange(root / "exchange/")
    (tmp_path / "DEMO.parquet").write_bytes(b"demo")
    address = exchange.give(tmp_path / "DEMO.parquet", "demo-0")
    assert get_bytes(S3Uri.parse(address) / "DEMO.parquet") == b"demo"
    written = S3Uri.parse(exchange.place("result-0"))
    for name in ("part-00001.parquet", "part-00000.parquet", "_SUCCESS"):
        put_bytes(name.encode(), written / name)
    taken = exchange.take(str(written), tmp_path / "taken")
    assert [path.name for path in taken] == ["part-00000.parquet", "part-00001.parquet"]
    exchange.clear()
    assert list_prefix(root) == []
