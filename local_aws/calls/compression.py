"""Bodies that botocore compressed before it sent them, as everything behind the gateway reads them.

Operations with the trait ``requestcompression`` (CloudWatch's PutMetricData) come as gzip from 10 KiB on:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html. An object that S3 keeps as gzip is none
of that.
"""

from __future__ import annotations

import zlib
from typing import Any

from local_aws.api import ApiError

SERVICES = frozenset({"cloudwatch"})
LARGEST_BYTES = 16 * 1024 * 1024  # PutMetricData takes 1 MB


def plain(service: str, environ: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """The request without its compression. Raises ``ApiError`` for what is no gzip, or too large."""
    if service not in SERVICES or environ.get("HTTP_CONTENT_ENCODING") != "gzip":
        return environ, body
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(body, LARGEST_BYTES)
    except zlib.error as error:
        raise ApiError("SerializationException", "the request's body is not gzip") from error
    if not unpacking.eof:
        raise ApiError("SerializationException", f"the request's body is cut off, or longer than {LARGEST_BYTES} bytes")
    kept = {name: value for name, value in environ.items() if name != "HTTP_CONTENT_ENCODING"}
    return {**kept, "CONTENT_LENGTH": str(len(found))}, found
