"""Requests that botocore compressed: https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html"""

from __future__ import annotations

import gzip

import pytest

from local_aws.api import ApiError
from local_aws.calls import compression
from local_aws.calls.compression import plain

PACKED = {"HTTP_CONTENT_ENCODING": "gzip", "CONTENT_LENGTH": "9"}


def test_a_compressed_body_is_read_as_it_was() -> None:
    assert plain("cloudwatch", PACKED, gzip.compress(b"{}")) == ({"CONTENT_LENGTH": "2"}, b"{}")


def test_an_object_that_is_gzip_stays_gzip() -> None:
    assert plain("s3", PACKED, b"packed") == (PACKED, b"packed")


# Named by the bytes, in which gzip writes the time, they would have other names in each process.
@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b"{}")[:-9], gzip.compress(b"x" * 50)], ids=["no gzip", "cut", "too large"]
)
def test_what_is_no_whole_gzip_of_a_size_that_can_be_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "LARGEST_BYTES", 10)
    with pytest.raises(ApiError, match="the request's body is"):
        plain("cloudwatch", PACKED, body)
