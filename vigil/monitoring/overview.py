"""What the Monitoring page shows of one endpoint: from reports, decisions and files of windows to what people read."""

from __future__ import annotations

from collections.abc import Iterable

from vigil.models.models import Measure
from vigil.monitoring.models import DriftDecision, Monitor, WindowReport
from vigil.monitoring.shown import GridRow, LabelRow, Overview, Point, Serving, Standing, Trend, WindowFiles
from vigil.monitoring.verdicts import LARGEST_CHANGE, Verdict, verdict_of

#: Headline figures of the model-quality monitor that are drawn over time, by their names in ``WindowReport.measures``.
PERFORMANCE = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
    "recall_at_capacity": "Recall at review capacity",
}


def overview(
    serving: Serving, reports: Iterable[WindowReport], decisions: Iterable[DriftDecision], files: WindowFiles
) -> Overview:
    """``reports`` and ``decisions`` in any order; repeated ones of the same monitor and window count once."""
    newest = sorted(
        {report.id: report for report in reports}.values(),
        key=lambda each: (each.window.key, each.monitor),
        reverse=True,
    )
    own = [report for report in newest if report.artefact_digest == serving.artefact_digest]
    quality = [report for report in own if report.monitor is Monitor.MODEL_QUALITY][::-1]
    return Overview(
        serving=serving,
        standings=tuple(_standing(monitor, own) for monitor in Monitor),
        grid=tuple(_grid(newest, serving.artefact_digest)),
        performance=(*trends(quality, PERFORMANCE, files.baseline_measures), *_coverage(quality)),
        coverage=tuple(LabelRow(window=each.window, counts=each.labels) for each in quality if each.labels is not None),
        bias=tuple(_bias(own, files.baseline_measures)),
        bias_broken=next((each.violations for each in own if each.monitor is Monitor.BIAS), ()),
        files=files,
        decisions=tuple(sorted(decisions, key=lambda each: (each.decided_at, each.decision_id), reverse=True)),
    )


def _standing(monitor: Monitor, newest_first: list[WindowReport]) -> Standing:
    mine = [report for report in newest_first if report.monitor is monitor]
    if not mine:
        return Standing(monitor=monitor)
    run = []
    for report in mine:
        if report.status is not mine[0].status:
            break
        run.append(report)
    return Standing(monitor=monitor, latest=mine[0], since=run[-1].window.start, windows=len(run))


def _grid(newest_first: list[WindowReport], artefact_digest: str) -> Iterable[GridRow]:
    windows = dict.fromkeys(report.window for report in newest_first)
    for window in windows:
        reports = [report for report in newest_first if report.window == window]
        yield GridRow(
            window=window,
            reports={report.monitor: report for report in reports},
            earlier_model=all(report.artefact_digest != artefact_digest for report in reports),
        )


def trends(reports: list[WindowReport], titles: dict[str, str], baseline: dict[str, float]) -> Iterable[Trend]:
    """``reports``: of one monitor, the oldest first; ``titles`` by measure. One that no window has is no trend."""
    for name, title in titles.items():
        points = tuple(
            Point(window=report.window, measure=report.measures[name], verdict=verdict_of(report, name))
            for report in reports
            if name in report.measures
        )
        if points:
            yield Trend(name=name, title=title, baseline=baseline.get(name), points=points)


def _coverage(reports: list[WindowReport]) -> Iterable[Trend]:
    """How many of the scored cases the figures of each window rest on."""
    points = tuple(
        Point(
            window=report.window,
            measure=Measure(value=report.labels.coverage, low=None, high=None),
            verdict=Verdict.NOT_JUDGED,
        )
        for report in reports
        if report.labels is not None and report.labels.coverage is not None
    )
    if points:
        yield Trend(name="coverage", title="Share of cases with ground truth", baseline=None, points=points, share=True)


def _bias(newest_first: list[WindowReport], baseline: dict[str, float]) -> Iterable[Trend]:
    reports = [report for report in newest_first if report.monitor is Monitor.BIAS][::-1]
    names = dict.fromkeys(name for report in reports for name in report.measures)
    return trends(reports, {name: bias_title(name) for name in names}, baseline)


def bias_title(name: str) -> str:
    """``DPPL, age band 65 up`` of ``dppl_age_band_65_up``: difference in positive proportions in predicted labels."""
    if name == LARGEST_CHANGE:
        return "Largest change of any metric and group"
    metric, _, group = name.partition("_")
    words = (group if metric == "dppl" else name).replace("_", " ")
    return f"DPPL, {words}" if metric == "dppl" else words.capitalize()
