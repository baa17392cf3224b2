"""Capture is read strictly: what is no answer to a request is counted, and nothing of it is told."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from captured_cases import DIGEST, OTHER_DIGEST, START, WINDOW, capture_line, hour_file, report, score
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.monitoring import captured
from vigil.monitoring.captured import CaptureCounts, Selection, lines, parse_answered, read_captured

REPORTS = [report("1", sex="F", age_years=40.0), report("2", reporter_country="US")]


def changed(**changes: Any) -> bytes:
    """A good line with some members of its record replaced, ``endpointOutput__encoding="CSV"``."""
    record = json.loads(capture_line(REPORTS))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = record
        for parent in parents:
            place = place["captureData"][parent] if parent.startswith("endpoint") else place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(record).encode()


@pytest.mark.parametrize("encoding", ["BASE64", "JSON"])
def test_a_request_and_its_answer_are_read_back(encoding: str) -> None:
    scores = [score("1", 0.25), score("2", 0.75)]
    answered = parse_answered(capture_line(REPORTS, scores, encoding=encoding).encode())
    assert answered is not None
    assert list(answered.cases) == REPORTS
    assert list(answered.scores) == scores
    assert (answered.inference_id, answered.model_digest, answered.moment) == ("request-1", DIGEST, START)


def test_a_request_without_an_inference_id_is_named_by_its_event() -> None:
    answered = parse_answered(capture_line(REPORTS, inference_id=None).encode())
    assert answered is not None and answered.inference_id == "event-1"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"not json", id="no-json"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"\xff\xfe{}", id="no-utf-8"),
        pytest.param(b"[" * 100_000, id="too-deep"),
        pytest.param(b'{"a": 1, "a": 1}', id="told-twice"),
        pytest.param(changed(captureData=None), id="no-data"),
        pytest.param(changed(eventMetadata=None), id="no-metadata"),
        pytest.param(changed(eventMetadata__inferenceId=7), id="identity-no-text"),
        pytest.param(changed(eventMetadata__inferenceTime="2026-11-26T05:00:00"), id="time-without-offset"),
        pytest.param(changed(eventMetadata__inferenceTime=12), id="time-no-text"),
        pytest.param(changed(endpointOutput__encoding="CSV"), id="other-encoding"),
        pytest.param(changed(endpointOutput__data="!"), id="no-base64"),
        pytest.param(changed(endpointInput__data="e30="), id="no-request"),
        pytest.param(changed(endpointOutput__data="eyJlcnJvcnMiOltdfQ=="), id="a-refusal"),
        pytest.param(capture_line(REPORTS, [score("1")]).encode(), id="an-answer-short"),
        pytest.param(capture_line(REPORTS, [score("2"), score("1")]).encode(), id="answers-in-another-order"),
        pytest.param(capture_line(REPORTS, [score("1", 1.5), score("2")]).encode(), id="no-probability"),
        pytest.param(capture_line([]).encode(), id="no-case"),
    ],
)
def test_what_is_no_answered_request_is_counted(line: bytes, tmp_path: Path) -> None:
    counts = CaptureCounts()
    path = tmp_path / "part.jsonl"
    path.write_bytes(line.replace(b"\n", b"") + b"\n" + capture_line(REPORTS).encode() + b"\n")
    found = list(read_captured([captured.SourceFile("part.jsonl", path)], counts))
    assert (len(found), counts.unreadable) == (1, 1)


def test_a_line_without_end_is_passed_over_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captured, "LARGEST_LINE_BYTES", 10)
    assert list(lines(io.BytesIO(b"x" * 35 + b"\nshort\n\nlast"))) == [None, b"short\n", b"last"]


def test_only_answers_of_the_model_that_serves_count_and_the_rest_is_told(tmp_path: Path) -> None:
    file = hour_file(
        tmp_path,
        START,
        [
            capture_line(REPORTS),
            capture_line(REPORTS, digest=OTHER_DIGEST),
            capture_line(REPORTS, shadow=True),
            capture_line(REPORTS, moment=WINDOW.end),
            capture_line(REPORTS, moment=WINDOW.start - timedelta(seconds=1)),
            "damaged",
        ],
    )
    selection = Selection(DIGEST, WINDOW)
    assert sum(selection.takes(one) for one in read_captured([file], selection.counts)) == 1
    counts = selection.counts
    assert (counts.used, counts.cases) == (1, 2)
    assert (counts.other_model, counts.shadow, counts.outside_window, counts.unreadable) == (1, 1, 2, 1)
    assert counts.left_out() == (
        "captured records left out: 1 unreadable, 1 of another model, 1 of a shadow, 2 outside the window"
    )


any_json = st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=4)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=100) | any_json.map(lambda value: json.dumps(value).encode()))
def test_no_line_makes_the_reader_fail(line: bytes) -> None:
    assert parse_answered(line) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_line_is_read_whole_or_not_at_all(data: st.DataObject) -> None:
    line = bytearray(capture_line(REPORTS, encoding="JSON").encode())
    position = data.draw(st.integers(0, len(line) - 1))
    line[position] = data.draw(st.integers(0, 255))
    answered = parse_answered(bytes(line))
    assert answered is None or len(answered.cases) == len(answered.scores) == 2
