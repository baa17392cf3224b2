"""The weekly report's page: one self-contained HTML file, without scripts and without a request to anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from vigil.models.models import Measure
from vigil.monitoring.models import DriftDecision, Monitor, Window, WindowReport, WindowStatus
from vigil.monitoring.weekly import plots

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
WORDS = {
    WindowStatus.OK: ("ok", "nothing moved beyond the plan's limits"),
    WindowStatus.VIOLATIONS: ("violations", "limits of the plan were broken"),
    WindowStatus.TOO_FEW: ("too few", "too few cases or labels to judge by: no all-clear"),
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
        words=WORDS,
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
    return f"{measure.value:.3f}{interval}"


def _plots(shown: Sequence[WindowReport]) -> Iterator[Plot]:
    if not shown:
        return
    total = sum(each.violation_count for each in shown)
    about = f"{len(shown)} windows of {SHOWN.days // 7} weeks, {total} violations in all"
    yield Plot("Violations by monitor", plots.violations(shown), about)
    for monitor, measures in HEADLINES.items():
        own = [each for each in shown if each.monitor is monitor]
        for measure in measures:
            known = [each.measures[measure] for each in own if measure in each.measures]
            values = [each.value for each in known if each.value is not None]
            if values:
                about = f"last {measure_text(known[-1])}; from {min(values):.3f} to {max(values):.3f} in these weeks"
                title = f"{monitor.value}: {measure.replace('_', ' ')}"
                yield Plot(title, plots.over_time(own, measure), about)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("vigil.monitoring.weekly"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(TEMPLATE)
