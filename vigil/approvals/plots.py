"""The plots that an approver sees: candidate, model in service and baseline, each with a description in words.

``evidence_plots`` is drawn where a page is made; the function that signs never imports this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import get_args

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vigil.approvals import plot_words
from vigil.approvals.dossier import Dossier
from vigil.approvals.plot_canvas import Palette, Role, Theme, draw
from vigil.approvals.plot_words import NAMES, Compared, compared
from vigil.approvals.words import SPLITS, SUBGROUPS
from vigil.change_control.models import Bands
from vigil.models.models import Measure, ModelOnSplit, Split

WIDE = (9.4, 3.6)  # inches: two panels
PANELS: tuple[Split, ...] = ("test_next", "test")  # the newest quarter first: it decides
ROLES: tuple[Role, ...] = get_args(Role)
KEPT = 16  # sets of plots: eight requests in both themes, some 300 KB each
CHANCE = 0.5  # the AUROC of a coin
SIZES_WIDTH = 0.09  # of the AUROC axis, for the number of cases
MARKED = 8  # markers on a curve, so that they tell lines apart and hide nothing
INTERVAL = 1.8  # points, the width of an interval's line


@dataclass(frozen=True)
class Plot:
    """``svg`` is trusted markup for the middle of a page; ``title`` and ``description`` are plain text."""

    title: str
    svg: str
    description: str


def evidence_plots(dossier: Dossier, theme: Theme) -> list[Plot]:
    """ROC, precision and recall, calibration, subgroups, score distribution. Empty where the evidence does not hold."""
    found = compared(dossier)
    return [] if found is None else list(_drawn(found, theme))


@lru_cache(maxsize=KEPT)
def _drawn(found: Compared, theme: Theme) -> tuple[Plot, ...]:
    """Drawing takes a second of computing, and a page is looked at more than once."""
    return (
        _plot("roc", "ROC curve", theme, WIDE, plot_words.roc(found), _panels(found, _roc)),
        _plot("pr", "Precision and recall", theme, WIDE, plot_words.pr(found), _panels(found, _pr)),
        _plot("calibration", "Calibration", theme, WIDE, plot_words.calibration(found), _panels(found, _calibration)),
        _plot(
            "subgroups", "AUROC by subgroup", theme, (WIDE[0], 1.4 + 0.42 * len(found.subgroups)),
            plot_words.subgroups(found), _panels(found, _subgroups),
        ),
        _plot("scores", "Distribution of scores", theme, WIDE, plot_words.scores(found), _panels(found, _scores)),
    )  # fmt: skip


def _plot(
    name: str,
    title: str,
    theme: Theme,
    size: tuple[float, float],
    description: str,
    paint: Callable[[Figure, Palette], None],
) -> Plot:
    return Plot(title, draw(name, title, theme, size, paint), description)


def _panels(
    found: Compared, paint: Callable[[Axes, Compared, Split, Palette], None]
) -> Callable[[Figure, Palette], None]:
    """One panel for each test split, side by side on the same scale, and one legend above them."""

    def drawn(figure: Figure, palette: Palette) -> None:
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, split in zip(panels, PANELS, strict=True):
            population = found.evaluation.splits[split].population
            axes.set_title(f"{SPLITS[split]}\n{population.n:,} cases, {population.prevalence:.0%} serious")
            paint(axes, found, split, palette)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))

    return drawn


def _lines(found: Compared, split: Split) -> Iterator[tuple[Role, ModelOnSplit]]:
    for role in ROLES:
        model = found.model(role, split)
        if model is not None:
            yield role, model


def _curve(axes: Axes, points: list[tuple[float, float]], role: Role, palette: Palette) -> None:
    """No two models have their markers at the same points, so that none hides another's."""
    style, step = palette.styles[role], max(1, len(points) // MARKED)
    axes.plot(
        [x for x, _ in points], [y for _, y in points], color=style.colour, linestyle=style.dash, linewidth=style.width,
        marker=style.marker, markersize=3 + style.width, markevery=(step * ROLES.index(role) // len(ROLES), step),
        label=NAMES[role], zorder=2 + 0.1 * style.layer,
    )  # fmt: skip


def _unit(axes: Axes, x: str, y: str) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _diagonal(axes: Axes, palette: Palette) -> None:
    axes.plot([0, 1], [0, 1], color=palette.faint, linewidth=0.9, linestyle=":")


def _roc(axes: Axes, found: Compared, split: Split, palette: Palette) -> None:
    _diagonal(axes, palette)
    for role, model in _lines(found, split):
        _curve(axes, model.curves.roc, role, palette)
    _unit(axes, "share of non-serious cases called serious", "share of serious cases found")


def _pr(axes: Axes, found: Compared, split: Split, palette: Palette) -> None:
    axes.axhline(
        found.evaluation.splits[split].population.prevalence, color=palette.faint, linewidth=0.9, linestyle=":"
    )
    for role, model in _lines(found, split):
        _curve(axes, model.curves.pr, role, palette)
    _unit(axes, "share of serious cases found (recall)", "share that is serious (precision)")


def _calibration(axes: Axes, found: Compared, split: Split, palette: Palette) -> None:
    _diagonal(axes, palette)
    for role, model in _lines(found, split):
        _curve(axes, [(point.predicted, point.observed) for point in model.curves.calibration], role, palette)
    _unit(axes, "predicted probability", "share that was serious")


def _subgroups(axes: Axes, found: Compared, split: Split, palette: Palette) -> None:
    groups, offsets = found.subgroups, {"candidate": -0.25, "serving": 0.0, "baseline": 0.25}
    for role, model in _lines(found, split):
        style, values = palette.styles[role], list[float]()
        for number, group in enumerate(groups):
            measure, place = _auroc(model, group), number + offsets[role]
            if measure.low is not None and measure.high is not None:
                axes.plot([measure.low, measure.high], [place, place], color=style.colour, linewidth=INTERVAL)
            values.append(math.nan if measure.value is None else measure.value)
        axes.plot(
            values, [number + offsets[role] for number in range(len(groups))], color=style.colour, linestyle="none",
            marker=style.marker, markersize=5, label=NAMES[role],
        )  # fmt: skip
    axes.axvline(CHANCE, color=palette.faint, linewidth=0.9, linestyle=":")
    left = min(CHANCE, found.lowest_auroc) - SIZES_WIDTH
    axes.set_xlim(left, 1)
    axes.set_yticks(range(len(groups)), [SUBGROUPS[group] for group in groups])
    for place, group in enumerate(groups):
        axes.text(left + 0.008, place, f"n = {found.size(group, split)}", va="center", fontsize=8)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("AUROC with its 95 % interval; .5 is chance")


def _auroc(model: ModelOnSplit, group: str) -> Measure:
    found = model.subgroups.get(group)  # type: ignore[call-overload]
    return found.auroc if found is not None else Measure(value=None, low=None, high=None)


def _scores(axes: Axes, found: Compared, split: Split, palette: Palette) -> None:
    """The two classes apart from zero, up and down, so that neither hides the other."""
    bins = found.evaluation.splits[split].candidate.curves.scores
    total = sum(each.serious + each.not_serious for each in bins) or 1
    for sign, colour, hatch, label, counts in (
        (1, palette.serious, "", "serious (upwards)", [each.serious for each in bins]),
        (-1, palette.other, "////", "not serious (downwards, hatched)", [each.not_serious for each in bins]),
    ):
        axes.bar(
            [each.low for each in bins], [sign * count / total for count in counts],
            width=[each.high - each.low for each in bins], align="edge", label=label, linewidth=0.8,
            edgecolor=colour, facecolor=colour if not hatch else "none", hatch=hatch,
        )  # fmt: skip
    axes.axhline(0, color=palette.ink, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.margins(y=0.12)  # room for the bands' names
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{abs(share) * 100:.3g}%"))
    axes.set_xlabel("score of the candidate; dashed: the plan's bands")
    axes.set_ylabel("share of all cases")
    if found.bands is not None:
        _bands(axes, found.bands, palette)


def _bands(axes: Axes, bands: Bands, palette: Palette) -> None:
    for edge in (bands.medium, bands.high):
        axes.axvline(edge, color=palette.ink, linewidth=1.0, linestyle="--")
    edges = (0.0, bands.medium, bands.high, 1.0)
    for name, (low, high) in zip(("low", "medium", "high"), pairwise(edges), strict=True):
        axes.text((low + high) / 2, 0.985, name, ha="center", va="top", transform=axes.get_xaxis_transform())
