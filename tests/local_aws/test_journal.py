"""The journal's file: every whole record comes back, a torn end is dropped, damage is refused by name and place."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws import journal
from local_aws.journal import FRAME_BYTES, Journal, JournalError

PAYLOADS = st.lists(st.binary(max_size=60), min_size=1, max_size=8)


def written(path: Path, payloads: list[bytes]) -> bytes:
    path.unlink(missing_ok=True)
    opened = Journal(path)
    for payload in payloads:
        opened.append(payload)
    opened.close()
    return path.read_bytes()


@given(payloads=PAYLOADS, data=st.data())
def test_a_file_cut_anywhere_gives_the_records_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut"
    content = written(path, payloads)
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:cut])
    found = journal.read(path)
    ends = [sum(FRAME_BYTES + len(payload) for payload in payloads[:count]) for count in range(len(payloads) + 1)]
    whole = max(count for count, end in enumerate(ends) if end <= cut)
    assert found.payloads == tuple(payloads[:whole])
    assert found.length == ends[whole]


@given(payloads=st.lists(st.binary(min_size=1, max_size=60), min_size=2, max_size=8), data=st.data())
def test_a_changed_byte_before_the_last_record_is_refused(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed"
    content = bytearray(written(path, payloads))
    at = data.draw(st.integers(0, len(content) - FRAME_BYTES - len(payloads[-1]) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(JournalError, match=f"{path}: is damaged at byte .*truncate --size="):
        journal.read(path)


def test_zeroes_where_a_machine_lost_power_are_a_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    content = written(path, [b"one", b"two"])
    path.write_bytes(content + bytes(500))
    assert journal.read(path) == journal.Content((b"one", b"two"), len(content))


def test_a_record_that_finds_no_room_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Journal(tmp_path / "journal")
    opened.append(b"kept")
    real = os.write

    def half(number: int, data: Any) -> int:
        if len(data) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(number, data[:30])

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left"):
            opened.append(b"x" * 50)
    opened.append(b"later")
    assert journal.read(opened.path).payloads == (b"kept", b"later")
    opened.close()


def test_the_file_is_its_owners_only_and_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, [b"one"])
    again = Journal(path)
    again.append(b"two")
    again.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert journal.read(path).payloads == (b"one", b"two")
