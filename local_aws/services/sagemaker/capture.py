"""Data capture: one JSON line for each captured request, on disk before the answer goes out, in S3 soon after.

Keys: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from datetime import UTC
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services.s3_transfer import join_uri, split_uri
from local_aws.services.sagemaker import capture_journal
from local_aws.services.sagemaker.capture_events import Invocation, event
from local_aws.services.sagemaker.capture_journal import Segment, Target
from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.5
GATHER_RECORDS = 200
#: From one attempt to upload what could not be uploaded to the next.
RETRY_SECONDS = 5.0
#: How long an uploaded segment is kept, for the case that the object store ends before it has saved the object.
KEEP_SECONDS = 10.0
#: More segments than these are not kept for a bucket that cannot be written: the oldest goes.
WAITING_LIMIT = 2000
CLOSE_LIMIT_SECONDS = 15.0


class CaptureWriter:
    """Samples invocations and keeps them in order. ``record`` returns when the record is on disk."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._root = context.state_dir / "capture"
        self._open: dict[tuple[str, str | None, str | None], Segment] = {}
        self._sealed: deque[Path] = deque()
        self._kept: deque[tuple[float, Path]] = deque()
        self._due: dict[tuple[str, bool], int] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def record(self, invocation: Invocation, config: DataCaptureConfig | None) -> None:
        if config is None or not config.get("EnableCapture", True):
            return
        with self._changed:
            if not self._sampled(invocation, config["InitialSamplingPercentage"]):
                return
        record = event(invocation, config)
        with self._changed:
            segment = self._segment(invocation, config)
            segment.append(record)
            if segment.records == GATHER_RECORDS:
                self._seal(segment)
            self._start()

    def resume(self) -> None:
        """Upload what a server that was killed had not uploaded."""
        with self._changed:
            self._sealed.extendleft(reversed(capture_journal.left_behind(self._root)))
            if self._sealed:
                self._start()

    def close(self) -> None:
        """Upload what is left; waits with a limit. What cannot be uploaded waits on disk for the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_LIMIT_SECONDS)

    def _sampled(self, invocation: Invocation, percentage: int) -> bool:
        # Every n-th request rather than a throw of dice: the share is exact and a run can be repeated.
        key = (invocation.endpoint, invocation.shadow)
        due = self._due.get(key, 0) + percentage
        self._due[key] = due % 100
        return due >= 100

    def _segment(self, invocation: Invocation, config: DataCaptureConfig) -> Segment:
        moment = invocation.moment.astimezone(UTC)
        hour = f"{moment:%Y/%m/%d/%H}"
        folder = join_uri(config["DestinationS3Uri"], invocation.endpoint, invocation.variant, hour)
        kms_key = config.get("KmsKeyId")
        key = (folder, kms_key, invocation.role)
        if key not in self._open:
            name = f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
            self._root.mkdir(mode=0o700, exist_ok=True)
            target = Target(folder, name, kms_key, invocation.role, invocation.endpoint)
            self._open[key] = Segment(self._root, target, time.monotonic())
        return self._open[key]

    def _seal(self, segment: Segment) -> None:
        self._open = {key: one for key, one in self._open.items() if one is not segment}
        self._sealed.append(segment.close())
        self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._upload_all, name="sagemaker-capture", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _upload_all(self) -> None:
        while (path := self._next()) is not None:
            if self._done(path):
                continue
            with self._changed:
                self._sealed.appendleft(path)  # the order is kept
                self._drop_oldest()
                if self._closing or self._changed.wait_for(lambda: self._closing, RETRY_SECONDS):
                    return

    def _next(self) -> Path | None:
        """The next sealed segment; seals those that have gathered long enough. None when all is done at the end."""
        with self._changed:
            while True:
                moment = time.monotonic()
                for segment in list(self._open.values()):
                    if self._closing or segment.opened + GATHER_SECONDS <= moment:
                        self._seal(segment)
                self._forget_saved(moment)
                if self._sealed:
                    return self._sealed.popleft()
                if self._closing:
                    return None
                times = [segment.opened + GATHER_SECONDS for segment in self._open.values()]
                times += [kept for kept, _ in self._kept]
                self._changed.wait(max(0.0, min(times) - moment) if times else None)

    def _forget_saved(self, moment: float) -> None:
        while self._kept and (self._closing or self._kept[0][0] <= moment):
            self._kept.popleft()[1].unlink(missing_ok=True)

    def _drop_oldest(self) -> None:
        while len(self._sealed) > WAITING_LIMIT:
            self._sealed.popleft().unlink(missing_ok=True)
            logger.error("captured requests are lost: more than %d segments wait for their bucket", WAITING_LIMIT)

    def _done(self, path: Path) -> bool:
        """Whether the segment needs no more work."""
        try:
            return self._uploaded(path)
        except FileNotFoundError:
            return True  # somebody has cleaned up
        except OSError as error:
            logger.warning("captured requests wait: %s cannot be read (%s)", path.name, type(error).__name__)
            return False

    def _uploaded(self, path: Path) -> bool:
        """The key is the segment's own: a repetition doubles nothing."""
        segment = capture_journal.read(path)
        if segment is None:
            path.unlink()
            return True
        target, body = segment
        bucket, key = split_uri(join_uri(target.folder, target.name))
        options: dict[str, Any] = {}
        if target.kms_key:
            options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": target.kms_key}
        source = self._context.arn("sagemaker", f"endpoint/{target.endpoint}")
        acting = acting_as(self._context, target.role, "SageMaker", source)
        try:
            if path.suffix != capture_journal.UPLOADED or not self._exists(bucket, key):
                acting.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **options)
        except (ClientError, BotoCoreError) as error:
            logger.warning("captured requests wait: s3://%s cannot be written (%s)", bucket, _code(error))
            return False
        with self._changed:
            self._kept.append((time.monotonic() + KEEP_SECONDS, capture_journal.mark_uploaded(path)))
        return True

    def _exists(self, bucket: str, key: str) -> bool:
        try:
            self._context.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else type(error).__name__
