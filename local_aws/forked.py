"""Work in a copy of this process: it sees the memory as it was at one moment, and this process goes on meanwhile.

The copy has one thread. It must not need a lock that another thread may have held, so it neither logs nor talks to
anyone; what it holds open of the server (its port, the lock of its folder) it lets go first.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ForkedError(Exception):
    """The copy did not end its work."""


class Forked:
    """Begins ``work`` in a copy; the thread that makes it must live until ``result`` has returned."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        parent = os.getpid()
        self._reader, writer = os.pipe()
        # While memory is shared, the collector would copy each page that it only looks at.
        gc.disable()
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _be_the_copy(work, writer, parent)
        finally:
            gc.enable()
        os.close(writer)
        self._guard = threading.Lock()
        self._handle: int | None = os.pidfd_open(self.pid)

    def cancel(self) -> None:
        """End it now: ``result`` then fails. Nothing happens when it has ended."""
        with self._guard:
            if self._handle is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def result(self, timeout: float) -> bytes:
        """What ``work`` returned. Raises ``ForkedError`` when it failed or took longer than ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        parts: list[bytes] = []
        try:
            while True:
                ready, _, _ = select.select([self._reader], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise ForkedError(f"the copy had not ended after {timeout:g} s")
                part = os.read(self._reader, 1 << 16)
                if not part:
                    break
                parts.append(part)
        except BaseException:
            self.cancel()
            raise
        finally:
            os.close(self._reader)
            _, status = os.waitpid(self.pid, 0)
            with self._guard:
                if self._handle is not None:
                    os.close(self._handle)
                self._handle = None
        if status != 0:
            raise ForkedError(f"the copy failed: {b''.join(parts).decode(errors='replace')}")
        return b"".join(parts)


def _be_the_copy(work: Callable[[], bytes], writer: int, parent: int) -> None:
    code = 1
    try:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        _let_go(writer)
        try:
            result = work()
            code = 0
        except BaseException as error:
            result = f"{type(error).__name__}: {error}".encode()
        while result:
            result = result[os.write(writer, result) :]
    finally:
        os._exit(code)


def _let_go(writer: int) -> None:
    """Close what belongs to the server; deleted temporary files hold S3 bodies, which the copy has to read."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        number = int(name)
        if number <= 2 or number == writer:
            continue
        try:
            status = os.fstat(number)
        except OSError:
            continue  # the descriptor that listed the folder
        if not (stat.S_ISREG(status.st_mode) and status.st_nlink == 0):
            os.close(number)
