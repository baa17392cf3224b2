"""The report's plots, as SVG: the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from vigil.datasets.models import DatasetProfile, Distribution, QuarterFigures

THIS, LAST, RATE = "#2a6f97", "#bb3e03", "#bb3e03"
SETTINGS: Any = {
    "svg.hashsalt": "vigil",  # else ids in the file are random
    "svg.fonttype": "none",  # text stays text: smaller, searchable, read aloud
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
SHOWN_VALUES = 12
LONGEST_LABEL = 28
SMALL = (4.6, 2.6)  # inches
HEAT_COLUMNS = (
    *("age_years", "weight_kg", "sex", "reporter_country", "occurrence_country", "reporter_occupation"),
    *("event_date", "sender", "literature_reference"),
)


def distribution(found: Distribution, last: Distribution | None) -> str:
    """Shares of this version as bars, of the last release as a mark on each."""
    known = dict(found.shares)
    shown = list(found.shares) if found.kind == "number" else list(found.shares[:SHOWN_VALUES])
    before = dict(last.shares) if last else {}
    values = [value for value, _ in shown]
    figure, axes = _figure(SMALL if found.kind == "number" else (SMALL[0], 0.9 + 0.17 * max(len(values), 3)))
    if found.kind == "number":
        axes.bar(values, [known[value] for value in values], color=THIS, width=0.85)
        if last:
            axes.plot(values, [before.get(value, 0.0) for value in values], "_", color=LAST, markersize=8, mew=2)
        axes.tick_params(axis="x", rotation=90 if len(values) > 8 else 0)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    else:
        places = list(range(len(values)))
        axes.barh(places, [known[value] for value in values], color=THIS, height=0.75)
        if last:
            axes.plot([before.get(value, 0.0) for value in values], places, "|", color=LAST, markersize=9, mew=2)
        axes.set_yticks(places, [_short(value) for value in values])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return _svg(figure)


def by_quarter(quarters: dict[str, QuarterFigures]) -> str:
    """Cases of each quarter, and the share of serious ones."""
    names = sorted(quarters)
    figure, axes = _figure((SMALL[0] * 2, 2.4))
    axes.bar(names, [quarters[name].rows for name in names], color=THIS, width=0.7)
    axes.set_ylabel("cases", color=THIS)
    rates = axes.twinx()
    rates.plot(names, [quarters[name].serious_rate for name in names], "o-", color=RATE, linewidth=1.5)
    rates.set_ylim(0, 1)
    rates.set_ylabel("serious", color=RATE)
    rates.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.tick_params(axis="x", rotation=90 if len(names) > 12 else 0)
    return _svg(figure)


def missing_by_quarter(profile: DatasetProfile) -> str:
    """Share of cases without a value, by column and quarter, as a heat map with its numbers."""
    names = sorted(profile.quarters)
    rows = [[profile.quarters[name].missing.get(column, 0.0) for name in names] for column in HEAT_COLUMNS]
    figure, axes = _figure((max(SMALL[0] * 2, 1.8 + 0.55 * len(names)), 0.6 + 0.26 * len(HEAT_COLUMNS)))
    axes.imshow(rows, aspect="auto", vmin=0, vmax=1, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 12 else 0)
    axes.set_yticks(range(len(HEAT_COLUMNS)), [column.replace("_", " ") for column in HEAT_COLUMNS])
    for y, row in enumerate(rows):
        for x, share in enumerate(row):
            axes.text(x, y, f"{share:.0%}", ha="center", va="center", color="white" if share > 0.55 else "black")
    return _svg(figure)


def counts(pairs: Sequence[tuple[str, int]]) -> str:
    """Counts of named things, most first."""
    figure, axes = _figure((SMALL[0] * 2, 0.7 + 0.22 * max(len(pairs), 2)))
    places = list(range(len(pairs)))
    axes.barh(places, [count for _, count in pairs], color=THIS, height=0.7)
    axes.set_yticks(places, [name for name, _ in pairs])
    axes.invert_yaxis()
    for place, (_, count) in enumerate(pairs):
        axes.text(count, place, f" {count:,}", va="center")
    return _svg(figure)


def _figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Without pyplot, whose state is shared by all threads of a server."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]  # a page has no XML declaration in its middle


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_LABEL else f"{value[: LONGEST_LABEL - 1]}…"
