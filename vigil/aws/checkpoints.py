"""Checkpoints in the audit bucket, under Object Lock: ``checkpoints/<12 digits>.json``, put once and never again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigil.audit.checkpoint_chain import read_checkpoint
from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import Checkpoint
from vigil.audit.ports import StoredText
from vigil.audit.reading import UnreadableError
from vigil.aws.objects import S3Uri, get_bytes, put_new_bytes
from vigil.digests import canonical_json, digest_of

PREFIX = "checkpoints/"
FINDINGS = "findings/"
DIGITS = 12


class CheckpointBucket:
    """``CheckpointStore`` on S3. ``hint``: a number that is known to be there, from which the newest is looked for."""

    def __init__(self, s3: Any, bucket: str, hint: int = 0) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._hint = hint

    def latest(self) -> Checkpoint | None:
        """Raises ``LedgerBrokenError`` where the newest is no checkpoint: nothing may be signed on top of it."""
        number = self._newest_number()
        return self._read(number) if number else None

    def all(self) -> Iterator[Checkpoint]:
        for stored in self.texts():
            yield read_checkpoint(stored)

    def put(self, checkpoint: Checkpoint) -> bool:
        content = canonical_json(checkpoint.model_dump(mode="json"))
        return put_new_bytes(content, S3Uri(self._bucket, key_of(checkpoint.number)), self._s3)

    def texts(self) -> Iterator[StoredText]:
        """Whatever lies there, in the order of the numbers."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        for page in pages:
            for item in page.get("Contents", []):
                yield self._text(item["Key"])

    def keep_finding(self, finding: Finding) -> bool:
        """Keep what was found, once; False where the same was found before."""
        name = f"{FINDINGS}{digest_of(finding.model_dump(mode='json'))}.json"
        content = canonical_json(finding.model_dump(mode="json"))
        return put_new_bytes(content, S3Uri(self._bucket, name), self._s3)

    def _read(self, number: int) -> Checkpoint:
        try:
            checkpoint = read_checkpoint(self._text(key_of(number)))
            if checkpoint.number != number:
                raise UnreadableError(f"checkpoint {checkpoint.number} stands in its place")
        except UnreadableError as error:
            found = Finding(kind=Kind.CHECKPOINT_ALTERED, checkpoint=number, explanation=str(error))
            raise LedgerBrokenError([found]) from error
        return checkpoint

    def _text(self, key: str) -> StoredText:
        digits = key.removeprefix(PREFIX).removesuffix(".json")
        content = get_bytes(S3Uri(self._bucket, key), self._s3)
        return StoredText(content.decode(errors="replace"), int(digits) if digits.isdecimal() else 0)

    def _newest_number(self) -> int:
        """By doubling and halving: listing every object, one a minute for ten years, would take thousands of calls."""
        low, step = (self._hint, 1) if self._is_any_from(self._hint) else (0, 1)
        while self._is_any_from(low + step):
            low, step = low + step, step * 2
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_any_from(middle) else (low, middle)
        return low

    def _is_any_from(self, number: int) -> bool:
        answer = self._s3.list_objects_v2(
            Bucket=self._bucket, Prefix=PREFIX, StartAfter=key_of(number - 1) if number > 0 else PREFIX, MaxKeys=1
        )
        return bool(answer.get("Contents"))


def key_of(number: int) -> str:
    return f"{PREFIX}{number:0{DIGITS}}.json"
