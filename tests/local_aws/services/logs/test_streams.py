"""Streams of log files, as GetLogEvents, FilterLogEvents and DescribeLogStreams show them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_aws.api import ApiError, Context, NotOursError
from local_aws.services.logs import following, operations, streams
from local_aws.services.logs.following import LogFollower, follow

GROUP = "/aws/sagemaker/TrainingJobs"


def write(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def read(context: Context, **request: Any) -> dict[str, Any]:
    return operations.get_log_events(context, {"logGroupName": GROUP, **request})  # type: ignore[typeddict-item]


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


@pytest.fixture
def follower(context: Context, tmp_path: Path) -> LogFollower:
    write(tmp_path / "job.log", "an earlier attempt\n")
    return follow(context, GROUP, "job/algo-1-1", tmp_path / "job.log")


def test_a_reader_sees_the_newest_line_at_once_but_no_half_line(
    context: Context, follower: LogFollower, tmp_path: Path
) -> None:
    follower.look()
    write(tmp_path / "job.log", "one\ntwo\nthr")
    assert messages(read(context, logStreamName="job/algo-1-1")) == ["one", "two"]
    follower.end()
    assert messages(read(context, logStreamName="job/algo-1-1")) == ["one", "two", "thr"]


def test_the_time_of_a_line_never_changes(context: Context, follower: LogFollower, tmp_path: Path) -> None:
    write(tmp_path / "job.log", "one\n")
    before = read(context, logStreamName="job/algo-1-1")["events"]
    write(tmp_path / "job.log", "two\n")
    after = read(context, logStreamName="job/algo-1-1")["events"]
    assert after[:1] == before
    assert after[1]["timestamp"] >= before[0]["timestamp"]


def test_times_narrow_what_is_read(
    context: Context, follower: LogFollower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """startTime is inclusive, endTime exclusive."""
    for moment in (1000, 2000, 3000):
        monkeypatch.setattr(streams, "now", lambda moment=moment: moment)
        write(tmp_path / "job.log", f"at {moment}\n")
        follower.look(at_once=True)
    assert messages(read(context, logStreamName="job/algo-1-1", startTime=2000)) == ["at 2000", "at 3000"]
    assert messages(read(context, logStreamName="job/algo-1-1", startTime=1000, endTime=3000)) == ["at 1000", "at 2000"]
    assert messages(read(context, logStreamName="job/algo-1-1", endTime=1000)) == []


lines = st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=20), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(printed=lines, size=st.integers(1, 7))
def test_pages_in_both_directions_hold_every_line_once(
    context: Context, tmp_path: Path, printed: list[str], size: int
) -> None:
    file = tmp_path / "paged.log"
    follower = follow(context, GROUP, "paged", file)
    write(file, "".join(f"{line}\n" for line in printed))
    follower.end()
    shown = [line for line in printed if line]
    for direction, start in (("nextForwardToken", True), ("nextBackwardToken", False)):
        found: list[str] = []
        answer = read(context, logStreamName="paged", startFromHead=start, limit=size)
        while answer["events"]:
            found = found + messages(answer) if start else messages(answer) + found
            answer = read(context, logStreamName="paged", nextToken=answer[direction], limit=size)
        assert found == shown
        again = read(context, logStreamName="paged", nextToken=answer[direction], limit=size)
        assert again[direction] == answer[direction]


def test_a_filter_finds_terms_in_all_streams_by_time(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment, name, text in ((2000, "b", "ERROR second\nfine\n"), (1000, "a", "ERROR first\n")):
        monkeypatch.setattr(streams, "now", lambda moment=moment: moment)
        follower = follow(context, GROUP, name, tmp_path / f"{name}.log")
        write(tmp_path / f"{name}.log", text)
        follower.end()
    first = operations.filter_log_events(context, {"logGroupName": GROUP, "filterPattern": "ERROR", "limit": 1})
    assert [(one["logStreamName"], one["message"]) for one in first["events"]] == [("a", "ERROR first")]
    token = first["nextToken"]
    second = operations.filter_log_events(
        context, {"logGroupName": GROUP, "filterPattern": "ERROR", "nextToken": token}
    )
    assert messages(second) == ["ERROR second"]
    assert "nextToken" not in second


def test_streams_are_described_by_name_or_by_their_last_event(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment, name in ((2000, "a"), (1000, "b")):
        monkeypatch.setattr(streams, "now", lambda moment=moment: moment)
        follower = follow(context, GROUP, name, tmp_path / f"{name}.log")
        write(tmp_path / f"{name}.log", "line\n")
        follower.end()
    by_name = operations.describe_log_streams(context, {"logGroupName": GROUP})["logStreams"]
    assert [one["logStreamName"] for one in by_name] == ["a", "b"]
    newest = operations.describe_log_streams(
        context, {"logGroupName": GROUP, "orderBy": "LastEventTime", "descending": True, "limit": 1}
    )
    assert [(one["logStreamName"], one["lastEventTimestamp"]) for one in newest["logStreams"]] == [("a", 2000)]
    assert newest["nextToken"] == "1"


def test_what_is_not_ours_is_left_to_moto(context: Context) -> None:
    for ask in (
        lambda: read(context, logStreamName="unknown"),
        lambda: operations.filter_log_events(context, {"logGroupName": "/mine"}),
        lambda: operations.describe_log_streams(context, {"logGroupName": "/mine"}),
        lambda: operations.delete_log_group(context, {"logGroupName": "/mine"}),
    ):
        with pytest.raises(NotOursError):
            ask()


def test_a_deleted_stream_is_gone_while_its_writer_goes_on(
    context: Context, follower: LogFollower, tmp_path: Path
) -> None:
    follower.look()
    operations.delete_log_stream(context, {"logGroupName": GROUP, "logStreamName": "job/algo-1-1"})
    write(tmp_path / "job.log", "more\n")
    follower.end()
    with pytest.raises(NotOursError):
        read(context, logStreamName="job/algo-1-1")


def test_streams_of_a_killed_server_end_where_their_files_end(
    context: Context, follower: LogFollower, tmp_path: Path
) -> None:
    follower.look()
    write(tmp_path / "job.log", "the last words")
    following.shutdown(context)
    streams.close_all(context)
    assert messages(read(context, logStreamName="job/algo-1-1")) == ["the last words"]


@pytest.mark.parametrize(
    "request_",
    [
        {"logStreamName": "job/algo-1-1", "nextToken": "x"},
        {"logStreamName": "job/algo-1-1", "nextToken": "f/x"},
    ],
)
def test_a_token_that_was_not_given_is_refused(
    context: Context, follower: LogFollower, request_: dict[str, Any]
) -> None:
    follower.look()
    with pytest.raises(ApiError, match="InvalidParameterException"):
        read(context, **request_)
