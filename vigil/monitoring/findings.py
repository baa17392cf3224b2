"""What every monitor gives: statistics of some cases, constraints that follow from a baseline's, and a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from vigil.cases.models import CaseReport
from vigil.models.models import Measure
from vigil.monitoring.models import LabelCounts, Violation, WindowStatus
from vigil.scoring.models import CaseScore

#: One of Model Monitor's JSON documents: ``statistics.json``, ``constraints.json``, ``constraint_violations.json``.
Document = dict[str, Any]


@dataclass(frozen=True)
class ScoredCase:
    """One case that a model answered: ``serious`` is None as long as no ground truth has come.

    ``inference_id``: of the request, empty for cases of a baseline.
    """

    inference_id: str
    report: CaseReport
    score: CaseScore
    serious: bool | None = None

    @property
    def probability(self) -> float:
        return self.score.probability


@dataclass(frozen=True)
class Metric:
    """One figure for CloudWatch; ``dimensions`` beside the endpoint and the schedule."""

    name: str
    value: float
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """A monitor's verdict. ``entries``: the violations as Model Monitor or Clarify writes them, in the same order.

    ``note``: what was not judged, and why. ``statistics``: the window's, where the comparison adds to them.
    """

    status: WindowStatus
    measures: dict[str, Measure]
    violations: tuple[Violation, ...] = ()
    entries: tuple[Document, ...] = ()
    metrics: tuple[Metric, ...] = ()
    note: str = ""
    statistics: Document | None = None


class MonitorOf(Protocol):
    """One of the four. The same cases in the same order give the same documents, byte by byte."""

    def statistics(self, cases: Iterable[ScoredCase]) -> Document:
        """Of a window's or a baseline's cases, read once, in memory that does not grow with their content."""

    def constraints(self, statistics: Document) -> Document:
        """Of a baseline's statistics."""

    def judge(self, statistics: Document, baseline: Document, labels: LabelCounts | None) -> Findings:
        """A window's ``statistics`` against those of the baseline; ``labels``: what became of its ground truth."""
