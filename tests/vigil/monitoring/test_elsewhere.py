"""The search for cases of other times ends when nothing is left to look for, or at its limits, and then says so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from captured_cases import DIGEST, START, WINDOW, capture_line, hour_file, label_line, report

from vigil.monitoring.captured import Selection, SourceFile
from vigil.monitoring.elsewhere import LOOK_BACK, Limits, look_through, other_hours
from vigil.monitoring.ground_truth import Merge, MergeCounts
from vigil.monitoring.labels import Labels

DAY = timedelta(days=1)


class Captured:
    """One object of each day before the window, newest first, with one request; counts what is read."""

    def __init__(self, folder: Path, days: int) -> None:
        self._folder, self._days, self.read = folder, days, 0

    def __iter__(self) -> Iterator[SourceFile]:
        for day in range(1, self._days + 1):
            self.read += 1
            line = capture_line([report(f"{day}")], inference_id=f"day-{day}", moment=START - day * DAY)
            yield hour_file(self._folder, START - day * DAY, [line], f"day-{day}")


def counted(folder: Path, captured: Captured, limits: Limits, **labels: int) -> MergeCounts:
    lines = [label_line(name.replace("_", "-"), {f"{case}": True}) for name, case in labels.items()]
    with Labels(folder) as kept:
        kept.read([hour_file(folder / "labels", START, lines)], WINDOW.end)
        merge = Merge(WINDOW, Selection(DIGEST, WINDOW), kept, io.StringIO(), captured, limits)
        assert list(merge.cases([])) == []
        return merge.counts()


def test_nothing_more_is_read_once_every_label_has_its_case(tmp_path: Path) -> None:
    captured = Captured(tmp_path / "c", 90)
    counts = counted(tmp_path, captured, Limits(), day_1=1, day_3=3)
    assert (counts.elsewhere, counts.counts.unknown, counts.counts.not_looked_for) == (2, 0, 0)
    assert captured.read == 3


def test_a_label_of_nobody_makes_a_job_read_no_more_than_the_limit_and_is_not_called_unknown(tmp_path: Path) -> None:
    captured = Captured(tmp_path / "c", 90)
    counts = counted(tmp_path, captured, Limits(objects=10), day_2=2, nobody=1)
    assert (counts.elsewhere, counts.counts.unknown, counts.counts.not_looked_for) == (1, 0, 1)
    assert captured.read <= 11
    assert counts.labels == counts.counts.labelled + counts.elsewhere + counts.counts.unknown + 1


def test_a_label_of_nobody_is_unknown_where_everything_was_looked_through(tmp_path: Path) -> None:
    counts = counted(tmp_path, Captured(tmp_path / "c", 10), Limits(objects=10), nobody=1)
    assert (counts.counts.unknown, counts.counts.not_looked_for) == (1, 0)


def test_the_search_ends_with_its_time(tmp_path: Path) -> None:
    captured, moments = Captured(tmp_path / "c", 90), iter(range(0, 1000, 4))
    with Labels(tmp_path) as labels:
        labels.read([hour_file(tmp_path / "l", START, [label_line("nobody", {"1": True})])], WINDOW.end)
        assert not look_through(captured, labels, Limits(seconds=10), lambda: float(next(moments)))
    assert captured.read == 3


def test_weeks_are_listed_newest_first_and_only_when_they_are_wanted(tmp_path: Path) -> None:
    asked: list[tuple[datetime, datetime]] = []

    def hours(start: datetime, end: datetime) -> Iterator[SourceFile]:
        asked.append((start, end))
        yield SourceFile("x", tmp_path)

    found, now = other_hours(hours, WINDOW, WINDOW.end + DAY), WINDOW.end + DAY
    next(found), next(found)
    assert asked == [(WINDOW.end, now), (WINDOW.start - 7 * DAY, WINDOW.start)]
    assert len(list(found)) == 13
    assert asked[-1][0] == WINDOW.start - LOOK_BACK
    assert all(later[0] == earlier[1] for earlier, later in zip(asked[2:], asked[1:], strict=False))
