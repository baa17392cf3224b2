"""A log that grows past its limit keeps its beginning and its end; the rest is given back to the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_aws.api import Context
from local_aws.services.logs import operations
from local_aws.services.logs.following import follow

GROUP = "/aws/sagemaker/TrainingJobs"
LIMIT = 200_000
LINE = "{:08d} " + "x" * 90 + "\n"


@pytest.fixture
def long_log(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """2 MB in steps, marked after each."""
    monkeypatch.setenv("LOCAL_AWS_LOG_MEGABYTES", str(LIMIT / 1_000_000))
    file = tmp_path / "long.log"
    follower = follow(context, GROUP, "long", file)
    with file.open("a") as writer:
        for step in range(20):
            writer.writelines(LINE.format(step * 1000 + number) for number in range(1000))
            writer.flush()
            follower.look(at_once=True)
            assert file.stat().st_blocks * 512 <= LIMIT * 1.25 + 2 * 4096
    follower.end()
    return file


def test_beginning_and_end_are_read_and_the_gap_is_told(context: Context, long_log: Path) -> None:
    request = {"logGroupName": GROUP, "logStreamName": "long", "startFromHead": True}
    texts: list[str] = []
    answer = operations.get_log_events(context, request)  # type: ignore[arg-type]
    while answer["events"]:
        texts += [event["message"] for event in answer["events"]]
        answer = operations.get_log_events(context, {**request, "nextToken": answer["nextForwardToken"]})  # type: ignore[arg-type, typeddict-item]
    gaps = [number for number, text in enumerate(texts) if "were dropped to keep it small" in text]
    assert len(gaps) == 1
    before = [int(text[:8]) for text in texts[: gaps[0] - 1]]  # the last line before the gap is cut by it
    after = [int(text[:8]) for text in texts[gaps[0] + 1 :]]
    assert before == list(range(len(before)))
    assert after == list(range(20_000 - len(after), 20_000))
    assert len(before) * 100 > LIMIT * 0.2
    assert len(after) * 100 > LIMIT * 0.5


def test_the_newest_page_and_a_filter_leave_the_gap_out(context: Context, long_log: Path) -> None:
    newest = operations.get_log_events(context, {"logGroupName": GROUP, "logStreamName": "long", "limit": 3})
    assert [int(event["message"][:8]) for event in newest["events"]] == [19_997, 19_998, 19_999]
    found = operations.filter_log_events(context, {"logGroupName": GROUP, "filterPattern": "00019999"})
    assert len(found["events"]) == 1
