"""Watching the log files of what runs: one thread marks every stream that is being written, once a second."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError

from local_aws.api import Context
from local_aws.services.logs import capped_file, streams
from local_aws.services.logs.streams import StreamRecord
from local_aws.services.rounds import Rounds
from local_aws.settings import JobSettings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
#: Seconds between two marks, by the number of marks so far: a stream of days keeps a few thousand.
MARK_SECONDS = ((600, 0.9), (6_000, 10.0))
LATE_MARK_SECONDS = 60.0
MEGABYTE = 1_000_000
CLOSE_LIMIT_SECONDS = 5.0


def follow(context: Context, group: str, stream: str, file: Path) -> LogFollower:
    """Make what ``file`` gains from now on a stream, until its ``end``. Nothing is kept before the first look."""
    start = file.stat().st_size if file.exists() else 0
    follower = LogFollower(context, group, stream, file, start)
    _watch_of(context).add(follower)
    return follower


def refresh(context: Context, group: str) -> None:
    """Mark what the streams of a group have gained, so that a reader sees the newest line."""
    for follower in _watch_of(context).all():
        if follower.group == group:
            follower.look(at_once=True)


def shutdown(context: Context) -> None:
    with _guard:
        watch = _watches.pop(context.state_dir, None)
    if watch is not None:
        watch.close()


class LogFollower:
    """Marks one stream while its writer runs. Safe for threads."""

    def __init__(self, context: Context, group: str, stream: str, file: Path, start: int) -> None:
        self.group = group
        self.ended = False
        self._context = context
        self._file = file
        self._stream, self._start = stream, start
        self._record: StreamRecord | None = None
        self._limit = int(JobSettings.from_environment().log_megabytes * MEGABYTE)
        self._marks = 0
        self._due = 0.0
        self._lock = threading.Lock()

    def look(self, *, at_once: bool = False) -> None:
        with self._lock:
            if not self.ended and (at_once or time.monotonic() >= self._due):
                self._advance(final=False)

    def end(self) -> None:
        with self._lock:
            if not self.ended:
                self._advance(final=True)
                self.ended = True

    def _advance(self, *, final: bool) -> None:
        if self._record is None:
            _ensure_group(self._context, self.group)
            self._record = streams.open_stream(self._context, self.group, self._stream, self._file, self._start)
        if streams.mark(self._context, self._record, final=final):
            self._marks += 1
        capped_file.keep_bounded(self._context, self._file, self._limit)
        seconds = next((pause for count, pause in MARK_SECONDS if self._marks < count), LATE_MARK_SECONDS)
        self._due = time.monotonic() + seconds


class _Watch:
    """The streams of one server that are being written."""

    def __init__(self) -> None:
        self._followers: list[LogFollower] = []
        self._lock = threading.Lock()
        self._rounds = Rounds("log-streams", LOOK_SECONDS, self._look_around, "log streams could not be marked")
        self._rounds.start()

    def add(self, follower: LogFollower) -> None:
        with self._lock:
            self._followers.append(follower)

    def all(self) -> list[LogFollower]:
        with self._lock:
            self._followers = [follower for follower in self._followers if not follower.ended]
            return list(self._followers)

    def close(self) -> None:
        self._rounds.close(CLOSE_LIMIT_SECONDS)

    def _look_around(self, _: bool) -> None:
        for follower in self.all():
            try:
                follower.look()
            except Exception:
                logger.exception("a log stream of %s could not be marked", follower.group)


_watches: dict[Path, _Watch] = {}
_guard = threading.Lock()


def _watch_of(context: Context) -> _Watch:
    with _guard:
        if context.state_dir not in _watches:
            _watches[context.state_dir] = _Watch()
        return _watches[context.state_dir]


def _ensure_group(context: Context, group: str) -> None:
    """Groups are moto's, with their retention, tags and filters."""
    client = context.client("logs")
    try:
        client.create_log_group(logGroupName=group)
    except client.exceptions.ResourceAlreadyExistsException:
        return
    except client.exceptions.ClientError as error:
        # A role that may not make groups writes into the one that its stack has made.
        refused = error.response["Error"]["Code"] == "AccessDeniedException"
        logger.log(logging.INFO if refused else logging.WARNING, "the log group %s could not be made: %s", group, error)
    except BotoCoreError as error:
        logger.warning("the log group %s could not be made: %s", group, type(error).__name__)
