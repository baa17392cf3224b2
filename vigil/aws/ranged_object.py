"""An S3 object read in pieces, as a file that can seek: of a large zip, only what is looked at is fetched."""

from __future__ import annotations

import io
from typing import Any

from vigil.aws.objects import S3Uri

BLOCK_BYTES = 4 << 20  # a zip's directory is at its end, a table is read through: few requests for either


class RangedObject(io.RawIOBase):
    """Read-only. The object must not change meanwhile: each piece is asked for with the ETag of the first look."""

    def __init__(self, uri: S3Uri, s3: Any) -> None:
        self._uri = uri
        self._s3 = s3
        head = s3.head_object(Bucket=uri.bucket, Key=uri.key)
        self._size, self._etag = int(head["ContentLength"]), head["ETag"]
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        last = min(self._position + len(view), self._size) - 1
        if last < self._position:
            return 0
        answer = self._s3.get_object(
            Bucket=self._uri.bucket, Key=self._uri.key, Range=f"bytes={self._position}-{last}", IfMatch=self._etag
        )
        content = answer["Body"].read()
        view[: len(content)] = content
        self._position += len(content)
        return len(content)


def ranged(uri: S3Uri, s3: Any) -> io.BufferedReader:
    return io.BufferedReader(RangedObject(uri, s3), BLOCK_BYTES)
