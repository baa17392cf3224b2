"""Work in a copy of the process: it sees one moment, holds nothing of the server, and its failure is told."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path

import pytest

from local_aws.forked import Forked, ForkedError


def test_the_copy_sees_the_moment_of_the_fork_and_its_work_comes_back() -> None:
    values, here = ["before"], os.getpid()
    copy = Forked(lambda: repr((values, os.getpid() != here)).encode() * 50_000)
    values.append("after")
    assert copy.result(60) == b"(['before'], True)" * 50_000


def test_a_failure_in_the_copy_is_told() -> None:
    def fail() -> bytes:
        raise OSError(28, "No space left on device")

    with pytest.raises(ForkedError, match="No space left on device"):
        Forked(fail).result(60)


def test_a_copy_that_takes_too_long_is_ended() -> None:
    def wait() -> bytes:
        time.sleep(60)
        return b""

    copy = Forked(wait)
    with pytest.raises(ForkedError, match=r"had not ended after 0\.05 s"):
        copy.result(0.05)
    with pytest.raises(ChildProcessError):
        os.waitpid(copy.pid, os.WNOHANG)


def test_the_copy_holds_no_port_and_no_lock_but_deleted_files(tmp_path: Path) -> None:
    with (tmp_path / "server.lock").open("w") as lock, tempfile.TemporaryFile() as body:
        body.write(b"an S3 body")
        body.flush()
        with socket.create_server(("127.0.0.1", 0)) as server:
            held = [lock.fileno(), server.fileno(), body.fileno()]

            def look() -> bytes:
                return repr([Path(f"/proc/self/fd/{number}").exists() for number in held]).encode()

            assert Forked(look).result(60) == b"[False, False, True]"
