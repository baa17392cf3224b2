"""The guard that compares what S3 receives with the checksums sent along; moto believes them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable

from local_aws.api import ApiError
from local_aws.calls.incoming import IncomingCall
from local_aws.protocol import Response

COPY_SOURCE = "x-amz-copy-source"
HEADER = "x-amz-checksum-"
#: Those that the standard library computes; CRC32C and CRC64NVME are believed.
ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
NAMES = frozenset({*ALGORITHMS, "crc32c", "crc64nvme"})


class Checksums:
    def before(self, call: IncomingCall) -> Response | None:
        # A completed upload names the checksum of the whole object, not of its request.
        if call.service == "s3" and call.environ["REQUEST_METHOD"] == "PUT":
            _check(call)
        return None

    def after(self, call: IncomingCall, response: Response) -> Response:
        return response


def _check(call: IncomingCall) -> None:
    headers = {name.lower(): value for name, value in call.request.headers.items()}
    if COPY_SOURCE in headers:
        # A copy has no body. moto tells an object's Content-MD5 (S3 does not), which Hadoop's S3A then sends along.
        return
    body = call.body
    trailers: dict[str, str] = {}
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        body, trailers = dechunked(call.body)
    sent = {**headers, **trailers}
    wanted = [name for name in NAMES if sent.get(HEADER + name)]
    if len(wanted) > 1:
        raise ApiError(
            "InvalidRequest", f"Expecting a single {HEADER} header. Multiple checksum Types are not allowed."
        )
    if "content-md5" in sent:
        digest = _decoded(sent["content-md5"])
        if digest is None or len(digest) != 16:
            raise ApiError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if digest != hashlib.md5(body, usedforsecurity=False).digest():
            raise ApiError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    for name in wanted:
        digest, compute = _decoded(sent[HEADER + name]), ALGORITHMS.get(name)
        if digest is None or (compute is not None and len(digest) != len(compute(b""))):
            raise ApiError("InvalidRequest", f"Value for {HEADER}{name} header is invalid.")
        if compute is not None and digest != compute(body):
            text = f"The {name.upper()} you specified did not match the calculated checksum."
            raise ApiError("BadDigest", text)


def dechunked(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The content of an ``aws-chunked`` body, and its trailing headers by lower-case name."""
    parts, at = [], 0
    try:
        while True:
            end = body.index(b"\r\n", at)
            size = int(body[at:end].partition(b";")[0], 16)
            at = end + 2
            if size == 0:
                break
            parts.append(body[at : at + size])
            at += size + 2
    except ValueError as error:
        raise ApiError("IncompleteBody", "The request body terminated unexpectedly") from error
    lines = (line.partition(":") for line in body[at:].decode("latin-1").splitlines())
    return b"".join(parts), {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
