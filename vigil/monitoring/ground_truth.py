"""Captured cases joined with the labels that have come for them: nothing is dropped without being counted.

The join is by inference id and case id. Labels may come late, twice, contradict each other (the last to arrive counts)
or belong to nobody; each is counted. A label whose case was captured in another window, or answered by another model,
belongs to somebody and is counted as ``elsewhere``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict

from vigil.digests import canonical_json
from vigil.monitoring.captured import Answered, Selection, SourceFile, read_captured
from vigil.monitoring.elsewhere import LIMITS, Limits, look_through
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.labels import Labels, labels_of
from vigil.monitoring.models import LabelCounts, Window

MERGED_FILE = "merged.jsonl"


class MergeCounts(BaseModel):
    """``ground_truth.json``. ``statements``: labels read, ``labels`` distinct cases with one; it always holds that
    ``statements = labels + duplicate + contradictory`` and
    ``labels = labelled + elsewhere + unknown + not_looked_for``.

    The second holds where no request was captured twice under one inference id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statements: int
    labels: int
    elsewhere: int
    counts: LabelCounts
    merged_by_platform: bool = False

    def to_json(self) -> bytes:
        return canonical_json({**self.model_dump(mode="json"), "coverage": self.counts.coverage})


@dataclass
class Merge:
    """One pass over a window's captured records; ``counts`` tells what it found once the pass is over.

    ``elsewhere``: captured records of other times, looked through only while labels are left that nobody claimed.
    ``merged``: gets the records that have labels, as SageMaker's merge job writes them.
    """

    window: Window
    selection: Selection
    labels: Labels
    merged: TextIO
    elsewhere: Iterable[SourceFile] = ()
    limits: Limits = LIMITS
    scored: int = 0
    labelled: int = 0

    def cases(self, captured: Iterable[SourceFile]) -> Iterator[ScoredCase]:
        """The cases that count, with their labels, in the order of capture."""
        for answered in read_captured(captured, self.selection.counts):
            if not self.selection.takes(answered):
                self._pass_over(answered)
                continue
            known: dict[str, bool] = {}
            for report, score in zip(answered.cases, answered.scores, strict=True):
                serious = self.labels.of_case(answered.inference_id, report.case_id)
                if serious is not None:
                    known[report.case_id] = serious
                self._count(serious)
                yield ScoredCase(answered.inference_id, report, score, serious)
            if known:
                write_merged(self.merged, answered.record, known)

    def counts(self) -> MergeCounts:
        looked = look_through(self.elsewhere, self.labels, self.limits)
        unclaimed = self.labels.unclaimed()
        distinct, contradictory = self.labels.distinct(), self.labels.contradictory()
        return MergeCounts(
            statements=self.labels.statements,
            labels=distinct,
            elsewhere=self.labels.elsewhere(),
            counts=LabelCounts(
                scored=self.scored,
                labelled=self.labelled,
                late=self.labels.late(),
                duplicate=self.labels.statements - distinct - contradictory,
                contradictory=contradictory,
                unknown=unclaimed if looked else 0,
                not_looked_for=0 if looked else unclaimed,
                unreadable=self.labels.unreadable,
            ),
        )

    def _pass_over(self, answered: Answered) -> None:
        self.labels.seen_elsewhere(answered.inference_id, (report.case_id for report in answered.cases))

    def _count(self, serious: bool | None) -> None:
        self.scored += 1
        self.labelled += serious is not None


@dataclass
class PlatformMerge:
    """Records that Model Monitor has merged already: each brings its labels, and those without any are not there.

    So what was scored is counted in ``captured``, the hours that it merged from; where that is None, nobody knows it,
    and coverage neither. The platform keeps to itself how many labels were late, duplicate or unknown to it.
    """

    selection: Selection
    captured: Iterable[SourceFile] | None = None
    labelled: int = 0
    unknown: int = 0
    unreadable: int = 0

    def cases(self, merged: Iterable[SourceFile]) -> Iterator[ScoredCase]:
        for answered in read_captured(merged, self.selection.counts):
            if not self.selection.takes(answered):
                continue
            known = self._labels(answered.record)
            for report, score in zip(answered.cases, answered.scores, strict=True):
                serious = known.pop(report.case_id, None)
                self.labelled += serious is not None
                yield ScoredCase(answered.inference_id, report, score, serious)
            self.unknown += len(known)

    def counts(self) -> MergeCounts:
        names = ("labelled", "unknown", "unreadable")
        counts = LabelCounts(scored=self._scored(), **{name: getattr(self, name) for name in names})
        labels = self.labelled + self.unknown
        return MergeCounts(statements=labels, labels=labels, elsewhere=0, counts=counts, merged_by_platform=True)

    def _scored(self) -> int:
        selection = self.selection.again()
        answers = read_captured(self.captured or (), selection.counts)
        return sum(len(answered.cases) for answered in answers if selection.takes(answered))

    def _labels(self, record: dict[str, Any]) -> dict[str, bool]:
        try:
            return dict(labels_of(record["groundTruthData"]))
        except (KeyError, TypeError, ValueError):
            self.unreadable += 1
            return {}


def unlabelled(selection: Selection, captured: Iterable[SourceFile]) -> Iterator[ScoredCase]:
    """The cases that count, for monitors that need no ground truth."""
    for answered in read_captured(captured, selection.counts):
        if selection.takes(answered):
            for report, score in zip(answered.cases, answered.scores, strict=True):
                yield ScoredCase(answered.inference_id, report, score)


def write_merged(target: TextIO, record: dict[str, Any], labels: dict[str, bool]) -> None:
    data = json.dumps(labels, sort_keys=True)
    merged = {**record, "groundTruthData": {"data": data, "encoding": "JSON"}}
    target.write(json.dumps(merged, sort_keys=True) + "\n")


def folder_files(folder: Path) -> Iterator[SourceFile]:
    """The files below a folder, by name: what the platform brought for a job."""
    for path in sorted(folder.rglob("*.jsonl")):
        yield SourceFile(path.relative_to(folder).as_posix(), path)
