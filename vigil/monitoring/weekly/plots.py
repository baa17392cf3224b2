"""The weekly report's plots, as SVG: the same figures give the same bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vigil.monitoring.models import Monitor, WindowReport

LINE, BAND, ALARM = "#2a6f97", "#a9c8dc", "#bb3e03"
COLOURS = {
    Monitor.DATA_QUALITY: "#2a6f97",
    Monitor.MODEL_QUALITY: "#bb3e03",
    Monitor.BIAS: "#6a994e",
    Monitor.ATTRIBUTION: "#7b5ea7",
}
SETTINGS: Any = {
    "svg.hashsalt": "vigil",  # else ids in the file are random
    "svg.fonttype": "none",  # text stays text: smaller, searchable, read aloud
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
SIZE = (7.2, 2.4)  # inches
DATES = 8


def over_time(reports: Sequence[WindowReport], measure: str) -> str:
    """One measure of one monitor by the window's end, with its 95 % interval; windows with violations are marked."""
    known = [each for each in reports if measure in each.measures and each.measures[measure].value is not None]
    figure, axes = _figure()
    ends: Any = [each.window.end for each in known]
    values = [each.measures[measure].value or 0.0 for each in known]
    lows = [_or(each.measures[measure].low, value) for each, value in zip(known, values, strict=True)]
    highs = [_or(each.measures[measure].high, value) for each, value in zip(known, values, strict=True)]
    axes.fill_between(ends, lows, highs, color=BAND, alpha=0.6, linewidth=0)
    axes.plot(ends, values, "o-", color=LINE, markersize=3, linewidth=1.2)
    marked: Any = [(end, value) for each, end, value in zip(known, ends, values, strict=True) if each.violation_count]
    if marked:
        axes.plot([end for end, _ in marked], [value for _, value in marked], "X", color=ALARM, markersize=6)
    axes.set_ylabel(measure.replace("_", " "))
    _dates(axes, ends)
    return _svg(figure)


def violations(reports: Sequence[WindowReport]) -> str:
    """How many violations each monitor found, by the window's end."""
    figure, axes = _figure()
    for monitor in Monitor:
        own = [each for each in reports if each.monitor is monitor]
        if own:
            ends: Any = [each.window.end for each in own]
            found = [each.violation_count for each in own]
            axes.plot(ends, found, "o-", color=COLOURS[monitor], markersize=3, linewidth=1.2, label=monitor.value)
    axes.set_ylabel("violations")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, ncols=len(Monitor), loc="upper left")
    _dates(axes, [each.window.end for each in reports])
    return _svg(figure)


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _dates(axes: Axes, ends: Sequence[datetime]) -> None:
    """At most eight dates: windows may end each day."""
    distinct = sorted(set(ends))
    shown: Any = distinct[:: math.ceil(len(distinct) / DATES)]
    axes.set_xticks(shown, [f"{moment.day} {moment:%b}" for moment in shown])


def _figure() -> tuple[Figure, Axes]:
    """Without pyplot, whose state is shared by all threads of a process."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE, layout="constrained")
        return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]  # a page has no XML declaration in its middle
