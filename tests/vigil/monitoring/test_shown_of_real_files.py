"""What the pages read is what the monitors write: a window with a recoded country, through the real code of both."""

from __future__ import annotations

import json

import pytest
from captured_cases import score
from promoted_model import Promoted

from vigil.models.curated import CuratedSplit
from vigil.monitoring.baseline_job import BASELINE_FILE
from vigil.monitoring.findings import Document, Findings, ScoredCase
from vigil.monitoring.models import LabelCounts, Monitor
from vigil.monitoring.monitors import make_monitor
from vigil.monitoring.overview import PERFORMANCE, bias_title
from vigil.monitoring.window_files import bias_figures, compared_columns, ranking_of

RECODED = "COUNTRY NOT SPECIFIED"


@pytest.fixture(scope="module")
def cases(promoted: Promoted) -> list[ScoredCase]:
    """The baseline's own cases, the country of a third of them recoded."""
    reports = list(CuratedSplit(promoted.dataset, "test_next"))
    changed = [
        report.model_copy(update={"reporter_country": RECODED}) if place % 3 == 0 else report
        for place, report in enumerate(reports)
    ]
    return [
        ScoredCase("request", report, score(report.case_id), serious=place % 2 == 0)
        for place, report in enumerate(changed)
    ]


def baseline(promoted: Promoted, monitor: Monitor) -> Document:
    document: Document = json.loads((promoted.folder / f"{monitor}/statistics.json").read_bytes())
    return document


def judged(promoted: Promoted, monitor: Monitor, cases: list[ScoredCase]) -> Findings:
    protocol = promoted.plan.protocol
    found = make_monitor(monitor, protocol.monitoring, protocol.evaluation, promoted.model)
    counts = LabelCounts(scored=len(cases), labelled=len(cases))
    return found.judge(found.statistics(cases), baseline(promoted, monitor), counts)


def test_the_distribution_that_moved_is_the_one_that_was_moved(promoted: Promoted, cases: list[ScoredCase]) -> None:
    found = judged(promoted, Monitor.DATA_QUALITY, cases)
    document = json.loads(json.dumps(found.statistics))
    moved = compared_columns(document, found.violations, promoted.baseline.cases)
    country = next(each for each in moved if each.feature == "reporter_country")
    assert country.violated and country.words
    bar = next(each for each in country.bars if each.label == RECODED)
    assert bar.baseline == 0
    assert bar.window == pytest.approx(1 / 3, abs=0.01)
    assert not any(each.violated for each in moved if each.feature == "age_years")


def test_the_ranking_is_read_from_the_attribution_monitors_file(promoted: Promoted, cases: list[ScoredCase]) -> None:
    found = judged(promoted, Monitor.ATTRIBUTION, cases)
    rows = ranking_of(json.loads(json.dumps(found.statistics)))
    assert rows[0].window_rank == 1 and rows[0].baseline_rank == 1  # the country is no feature


def test_the_baselines_bias_has_a_line_for_each_measure_of_a_window(
    promoted: Promoted, cases: list[ScoredCase]
) -> None:
    figures = bias_figures(baseline(promoted, Monitor.BIAS))
    measures = judged(promoted, Monitor.BIAS, cases).measures
    shown = {name for name in measures if bias_title(name).startswith("DPPL")}
    assert shown and shown <= set(figures)


def test_the_baseline_pins_what_the_page_reads_of_it(promoted: Promoted) -> None:
    document = json.loads((promoted.folder / BASELINE_FILE).read_bytes())
    assert set(PERFORMANCE) <= set(document["measures"])
    assert {"value", "low", "high"} == set(document["measures"]["auroc"])
    assert f"{Monitor.BIAS}/statistics.json" in document["files"] and document["cases"] > 0
