"""The cases of one window as a monitor wants them: with labels where it judges by them, else as they were captured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from vigil.monitoring.captured import CaptureCounts, Selection, SourceFile
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.ground_truth import MERGED_FILE, Merge, MergeCounts, PlatformMerge, unlabelled
from vigil.monitoring.labels import Labels
from vigil.monitoring.models import LabelCounts, Window


@dataclass(frozen=True)
class Sources:
    """``captured``: of the window's hours. ``ground_truth``: of all hours since its start, None where none is given.

    ``elsewhere``: captured records of other hours, read only where a label belongs to nobody in the window.
    ``merged_by_platform``: the captured records hold their labels already, and those without any are not there;
    ``scored``: then all that was captured in the window's hours, None where that cannot be read.
    """

    captured: Iterable[SourceFile]
    ground_truth: Iterable[SourceFile] | None = None
    elsewhere: Iterable[SourceFile] = ()
    merged_by_platform: bool = False
    scored: Iterable[SourceFile] | None = None


class WindowCases:
    """Iterate once, then ask for the counts. ``merged``: the file of merged records, where there is one.

    ``scratch`` holds the labels, ``merged_folder`` gets the merged records. Used as a context.
    """

    def __init__(
        self, sources: Sources, selection: Selection, window: Window, scratch: Path, merged_folder: Path
    ) -> None:
        self._sources = sources
        self._selection = selection
        self._window = window
        self._scratch = scratch
        self._open = ExitStack()
        self._merge: Merge | PlatformMerge | None = None
        self.merged: Path | None = None
        if sources.merged_by_platform:
            self._merge = PlatformMerge(selection, sources.scored)
        elif sources.ground_truth is not None:
            merged_folder.mkdir(parents=True, exist_ok=True)
            self.merged = merged_folder / MERGED_FILE

    def __enter__(self) -> WindowCases:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[ScoredCase]:
        if self.merged is not None and self._sources.ground_truth is not None:
            labels = self._open.enter_context(Labels(self._scratch))
            labels.read(self._sources.ground_truth, self._window.end)
            target = self._open.enter_context(self.merged.open("w", encoding="utf-8"))
            self._merge = Merge(self._window, self._selection, labels, target, self._sources.elsewhere)
        if self._merge is None:
            return unlabelled(self._selection, self._sources.captured)
        return self._merge.cases(self._sources.captured)

    def counted(self) -> Counted:
        """Once the cases have been read."""
        found = None if self._merge is None else self._merge.counts()
        self._open.close()
        return Counted(self._selection.counts, found)


@dataclass(frozen=True)
class Counted:
    """What a window held. ``merge`` is None for monitors that need no ground truth."""

    captured: CaptureCounts = field(default_factory=CaptureCounts)
    merge: MergeCounts | None = None

    @property
    def labels(self) -> LabelCounts | None:
        return None if self.merge is None else self.merge.counts
