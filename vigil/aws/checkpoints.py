"""Checkpoints in the audit bucket, under Object Lock: ``checkpoints/<12 digits>.json``, put once and never again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vigil.audit.checkpoint_chain import read_checkpoint
from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import Checkpoint
from vigil.audit.ports import Newest, StoredText
from vigil.audit.reading import UnreadableError
from vigil.aws.objects import S3Uri, get_bytes, put_new_bytes
from vigil.digests import canonical_json, digest_of

PREFIX = "checkpoints/"
FINDINGS = "findings/"
DIGITS = 12
LAST_NUMBER = 10**DIGITS - 1
FETCHED_AT_ONCE = 10  # as many connections as a client keeps
KEPT_AT_ONCE = 50  # a checkpoint takes some 150 bytes for each chain
MOST_PLANTED = 50  # passed over, each by a handful of calls, before sealing gives up


class CheckpointBucket:
    """``CheckpointStore`` on S3. ``hint``: a number that is known to be there, from which the newest is looked for."""

    def __init__(self, s3: Any, bucket: str, hint: int = 0) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._hint = hint

    def newest(self, holds: Callable[[Checkpoint], bool]) -> Newest:
        """Raises ``LedgerBrokenError`` where more than ``MOST_PLANTED`` objects lie there that are no checkpoints."""
        planted: dict[int, str] = {}
        number = self._last_taken(None)
        while number:
            try:
                checkpoint = self._read(number)
                if holds(checkpoint):
                    return Newest(checkpoint, planted)
                planted[number] = "the ledger's key did not sign it"
            except UnreadableError as error:
                planted[number] = str(error)
            if len(planted) > MOST_PLANTED:
                explanation = f"it and {MOST_PLANTED} before it are none: see who may put objects there"
                raise LedgerBrokenError(
                    [Finding(kind=Kind.CHECKPOINT_FORGED, checkpoint=max(planted), explanation=explanation)]
                )
            number = self._last_taken(number)
        return Newest(None, planted)

    def all(self) -> Iterator[Checkpoint]:
        for stored in self.texts():
            yield read_checkpoint(stored)

    def put(self, checkpoint: Checkpoint) -> bool:
        content = canonical_json(checkpoint.model_dump(mode="json"))
        return put_new_bytes(content, S3Uri(self._bucket, key_of(checkpoint.number)), self._s3)

    def texts(self) -> Iterator[StoredText]:
        """Whatever lies there, in the order of the numbers."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as fetching:  # one a minute for years: each is a call of its own
            for page in pages:
                keys = [item["Key"] for item in page.get("Contents", [])]
                for first in range(0, len(keys), KEPT_AT_ONCE):
                    yield from fetching.map(self._text, keys[first : first + KEPT_AT_ONCE])

    def keep_finding(self, finding: Finding) -> bool:
        """Keep what was found, once; False where the same was found before."""
        name = f"{FINDINGS}{digest_of(finding.model_dump(mode='json'))}.json"
        content = canonical_json(finding.model_dump(mode="json"))
        return put_new_bytes(content, S3Uri(self._bucket, name), self._s3)

    def _read(self, number: int) -> Checkpoint:
        checkpoint = read_checkpoint(self._text(key_of(number)))
        if checkpoint.number != number:
            raise UnreadableError(f"checkpoint {checkpoint.number} stands in its place")
        return checkpoint

    def _text(self, key: str) -> StoredText:
        digits = key.removeprefix(PREFIX).removesuffix(".json")
        content = get_bytes(S3Uri(self._bucket, key), self._s3)
        return StoredText(content.decode(errors="replace"), int(digits) if digits.isdecimal() else 0)

    def _last_taken(self, before: int | None) -> int:
        """A number that is taken, less than ``before``, while the next is not; 0 if there is none.

        By doubling and halving: listing every object, one a minute for ten years, would take thousands of calls. Ours
        lie without a gap; what somebody put far beyond them may be met too, and then one looks again below it.
        """
        low, step = (self._hint, 1) if self._is_taken(self._hint, before) else (0, 1)
        while self._is_taken(low + step, before):
            low, step = low + step, step * 2
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_taken(middle, before) else (low, middle)
        return low

    def _is_taken(self, number: int, before: int | None) -> bool:
        if number < 1 or number > LAST_NUMBER or (before is not None and number >= before):
            return False
        return bool(self._s3.list_objects_v2(Bucket=self._bucket, Prefix=key_of(number), MaxKeys=1).get("Contents"))


def key_of(number: int) -> str:
    return f"{PREFIX}{number:0{DIGITS}}.json"
