"""Records each call as it is answered: one that changes something before its answer, the others a moment later."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from pathlib import Path

from local_aws.calls.entries import entry
from local_aws.calls.incoming import IncomingCall
from local_aws.calls.log import CallLog, Query, Recorded
from local_aws.identity.principals import SERVER
from local_aws.protocol import Response

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
STOP_SECONDS = 5.0


class Recorder:
    """A guard that only looks. What it cannot write it gives up, with a warning: no call fails for its record."""

    def __init__(self, folder: Path, kept: int) -> None:
        self._log = CallLog(folder, kept)
        self._pending: deque[Recorded] = deque()
        self._flushing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="call-record", daemon=True)
        self._thread.start()

    def before(self, call: IncomingCall) -> Response | None:
        return None

    def after(self, call: IncomingCall, response: Response) -> Response:
        try:
            self._record(call, response)
        except Exception:
            logger.exception("%s.%s could not be recorded", call.service, call.action)
        return response

    def _record(self, call: IncomingCall, response: Response) -> None:
        recorded = entry(call, response)
        if call.principal is SERVER and recorded.read_only and recorded.error is None:
            return  # the server's own looking around would bury everything else
        self._pending.append(recorded)
        if not recorded.read_only:
            self.flush()

    def flush(self) -> None:
        with self._flushing:
            batch = []
            while self._pending:
                batch.append(self._pending.popleft())
            try:
                self._log.add(batch)
            except sqlite3.Error as error:
                logger.warning("%d calls could not be recorded: %s", len(batch), error)

    def find(self, query: Query, limit: int) -> list[Recorded]:
        """The newest first, up to this very moment."""
        self.flush()
        return self._log.find(query, limit)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(STOP_SECONDS)
        self.flush()
        self._log.close()

    def _work(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            if self._pending:
                self.flush()
