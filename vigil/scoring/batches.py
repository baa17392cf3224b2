"""A quarter's reports as an endpoint gets them: in batches that are the same each time, so that labels find them.

A batch's id is a digest of the quarter and its case ids. SageMaker keeps it as the request's ``InferenceId`` beside
what it captures, and the ground truth names it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vigil.cases.intake import IntakeError, case_report
from vigil.cases.models import CaseReport
from vigil.digests import digest_of

ID_DIGITS = 24  # an InferenceId has at most 64 characters


@dataclass(frozen=True)
class Batch:
    """``serious``: what is known now, by case id; the endpoint never sees it."""

    inference_id: str
    reports: tuple[CaseReport, ...]
    serious: Mapping[str, bool] = field(repr=False)


@dataclass
class Left:
    """Rows that are no report as known at intake, by the field that is wrong; nothing of their content."""

    fields: dict[str, int] = field(default_factory=dict)

    def note(self, error: IntakeError) -> None:
        for name in error.fields:
            self.fields[name] = self.fields.get(name, 0) + 1


def batches(quarter: str, rows: Iterable[Mapping[str, Any]], size: int, left: Left) -> Iterator[Batch]:
    """``rows`` with curated columns, in the order in which they are scored; at most ``size`` in each batch."""
    reports: list[CaseReport] = []
    serious: dict[str, bool] = {}
    for row in rows:
        try:
            report = case_report(row)
        except IntakeError as error:
            left.note(error)
            continue
        reports.append(report)
        serious[report.case_id] = bool(row["serious"])
        if len(reports) == size:
            yield _batch(quarter, reports, serious)
            reports, serious = [], {}
    if reports:
        yield _batch(quarter, reports, serious)


def labels_of(batch: Batch, share: float) -> dict[str, bool]:
    """The labels of about this share of a batch's cases; the same ones each time, and all those of a smaller share."""
    return {case: serious for case, serious in batch.serious.items() if _draw(case) < share}


def _draw(case: str) -> float:
    """From 0 up to 1, by the case alone."""
    return random.Random(case).random()  # noqa: S311 -- spreads labels, guards nothing


def _batch(quarter: str, reports: list[CaseReport], serious: dict[str, bool]) -> Batch:
    identity = f"{quarter}-{digest_of([quarter, [report.case_id for report in reports]])[:ID_DIGITS]}"
    return Batch(identity, tuple(reports), dict(serious))
