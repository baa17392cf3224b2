from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vigil.cases.lines import count_lines, judge, keep, to_utf8, whole_lines

MAX_LINE = 12
noise = st.lists(st.sampled_from([b"a", b"$", b"\n", b"\r", b"\r\n", b"\xe9", b"\xc3\xa9", b"\x00", b" "]), max_size=60)


def split_lines(data: bytes) -> list[bytes]:
    """The plain way: lines end at LF; a last one may lack it."""
    return data.split(b"\n")[: -1 if data.endswith(b"\n") or not data else None]


@given(noise.map(b"".join), st.integers(min_value=1, max_value=9))
def test_no_line_is_lost_however_the_stream_is_cut(data, block_bytes):
    blocks = list(whole_lines(io.BytesIO(data), MAX_LINE, block_bytes))
    kept = [line[: MAX_LINE + 1] for line in split_lines(b"".join(blocks))]
    assert [line[:MAX_LINE] for line in kept] == [line[:MAX_LINE] for line in split_lines(data)]
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@given(noise.map(b"".join), st.integers(min_value=1, max_value=9))
def test_an_over_long_line_stays_over_long_but_bounded(data, block_bytes):
    cut = split_lines(b"".join(whole_lines(io.BytesIO(data), MAX_LINE, block_bytes)))
    assert [len(line) > MAX_LINE for line in cut] == [len(line) > MAX_LINE for line in split_lines(data)]


def test_a_line_without_end_does_not_fill_memory():
    endless = io.BytesIO(b"x" * 1_000 + b"\nnext\n")
    assert b"".join(whole_lines(endless, MAX_LINE, block_bytes=10)) == b"x" * (MAX_LINE + 1) + b"\nnext\n"


@given(noise.map(b"".join).filter(bool))
def test_lines_are_judged_as_one_by_one(data):
    judged = judge(data, columns=2, max_line=MAX_LINE)
    expected = []
    for line in split_lines(data):
        text = line.removesuffix(b"\r")
        bad = any(byte < 32 and byte != 9 for byte in text)
        expected.append(bool(text) and len(text) <= MAX_LINE and not bad and text.count(b"$") == 1)
    assert judged.usable.tolist() == expected


@given(noise.map(b"".join).filter(bool))
def test_keep_takes_exactly_the_wanted_lines(data):
    judged = judge(data, columns=2, max_line=MAX_LINE)
    wanted = np.arange(len(judged)) % 2 == 0
    assert split_lines(keep(data, judged, wanted)) == split_lines(data)[::2]


@given(noise.map(b"".join))
def test_any_bytes_become_utf8_line_by_line(data):
    text, converted = to_utf8(data)
    assert len(text.decode("utf-8").split("\n")) == len(data.split(b"\n"))
    assert (converted > 0) == (text != data)


def test_latin1_lines_are_converted_and_utf8_lines_left():
    assert to_utf8("naïve\n".encode() + "naïve\n".encode("latin-1")) == ("naïve\nnaïve\n".encode(), 1)


@given(noise.map(b"".join), st.integers(min_value=1, max_value=9))
def test_lines_are_counted_with_or_without_a_last_terminator(data, block_bytes):
    assert count_lines(io.BytesIO(data), block_bytes) == len(split_lines(data))
