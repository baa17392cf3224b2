"""The weekly report's page: one self-contained HTML file, without scripts and without a request to anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from vigil.models.models import Measure
from vigil.monitoring.models import DriftDecision, Monitor, Window, WindowReport, WindowStatus
from vigil.monitoring.overview import trends
from vigil.monitoring.plots import trend
from vigil.monitoring.svg import percent
from vigil.monitoring.verdicts import NOT_RUN, WINDOWS

TEMPLATE = "weekly.html.j2"
#: How far back figures are shown: a quarter, the time from one dataset to the next.
SHOWN = timedelta(weeks=13)
#: The figure of each monitor that is looked at first; the analyzer may give others beside it.
HEADLINES = {
    Monitor.DATA_QUALITY: ("largest_distance",),
    Monitor.MODEL_QUALITY: ("auroc", "brier"),
    Monitor.BIAS: ("largest_change",),
    Monitor.ATTRIBUTION: ("ndcg",),
}
VIOLATIONS_SHOWN = 40


@dataclass(frozen=True)
class Plot:
    """One figure: its SVG, and what it shows in words."""

    title: str
    svg: str
    about: str


def render(endpoint: str, window: Window, reports: Sequence[WindowReport], decisions: Sequence[DriftDecision]) -> str:
    """``reports``: one for each window and monitor, in any order; those of ``window`` are the week's verdict.

    The same reports and decisions give the same bytes.
    """
    shown = sorted(
        (each for each in reports if window.end - SHOWN < each.window.end <= window.end),
        key=lambda each: (each.window.end, each.window.start, each.monitor),
    )
    week = {each.monitor: each for each in shown if each.window == window}
    decided = [each for each in decisions if window.end - SHOWN < each.report.window.end <= window.end]
    return _template().render(
        endpoint=endpoint,
        window=window,
        week=[(monitor, week.get(monitor)) for monitor in Monitor],
        words=WINDOWS,
        not_run=NOT_RUN,
        weeks=_weeks(shown),
        about=_about(shown),
        percent=percent,
        verdict=verdict(list(week.values())),
        plots=list(_plots(shown)),
        decisions=decided,
        measure=measure_text,
        most=VIOLATIONS_SHOWN,
    )


def verdict(week: Sequence[WindowReport]) -> str:
    """The worst of what the monitors say; a monitor that said nothing is no all-clear."""
    statuses = {each.status for each in week}
    if WindowStatus.VIOLATIONS in statuses:
        return "violations"
    return "ok" if len(week) == len(Monitor) and statuses == {WindowStatus.OK} else "too-few"


def measure_text(measure: Measure) -> str:
    if measure.value is None:
        return "undefined"
    interval = "" if measure.low is None or measure.high is None else f" ({measure.low:.3f} to {measure.high:.3f})"
    whole = measure.value.is_integer() and abs(measure.value) > 1
    return f"{measure.value:.0f}" if whole else f"{measure.value:.3f}{interval}"


def _plots(shown: Sequence[WindowReport]) -> Iterator[Plot]:
    for monitor, measures in HEADLINES.items():
        own = [each for each in shown if each.monitor is monitor]
        for found in trends(own, {name: f"{monitor.value}: {name.replace('_', ' ')}" for name in measures}, {}):
            known = [each.measure for each in found.points]
            values = [each.value for each in known if each.value is not None]
            if values:
                about = f"last {measure_text(known[-1])}; from {min(values):.3f} to {max(values):.3f} in these weeks"
                yield Plot(found.title, trend(found), about)


def _weeks(shown: Sequence[WindowReport]) -> list[tuple[Window, dict[Monitor, WindowReport]]]:
    """Each window with its reports, the newest first."""
    windows = dict.fromkeys(report.window for report in reversed(shown))
    return [(window, {each.monitor: each for each in shown if each.window == window}) for window in windows]


def _about(shown: Sequence[WindowReport]) -> str:
    total = sum(each.violation_count for each in shown)
    return f"{len(shown)} reports in {SHOWN.days // 7} weeks, {total} violations in all"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("vigil.monitoring.weekly"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(TEMPLATE)
