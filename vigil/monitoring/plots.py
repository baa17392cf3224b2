"""The plots of the Monitoring page, drawn from what ``overview`` holds; each has its table beside it on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigil.models.models import Measure
from vigil.monitoring.shown import Bar, Trend
from vigil.monitoring.svg import Svg, percent, ticks
from vigil.monitoring.verdicts import Verdict

WIDTH = 400.0
NAMES_WIDTH, FIGURES_WIDTH = 132.0, 50.0
ROW, THICK = 34.0, 11.0
LONGEST_NAME = 14
FEW = "fewer than 5"
TREND_HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 210.0, 46.0, 12.0, 12.0, 34.0
ROOM = 0.12  # of the range, above and below what is drawn
SMALLEST_SHARE = 0.001  # fills the axis at most: less is drawn as less
SMALLEST_RANGE = 0.02  # a flat line stays flat
DATES_SHOWN = 5


def bars(title: str, rows: Sequence[Bar], none: str = FEW) -> str:
    """Baseline (outlined) above window (filled), as shares. ``none``: the words where there is no share."""
    drawing = Svg(WIDTH, ROW * len(rows) + 10)
    longest = max((share for bar in rows for share in (bar.baseline, bar.window) if share is not None), default=0.0)
    scale = (WIDTH - NAMES_WIDTH - FIGURES_WIDTH - 8) / max(longest, SMALLEST_SHARE)
    for number, bar in enumerate(rows):
        top = 5 + number * ROW
        drawing.text("label end", NAMES_WIDTH - 8, top + ROW / 2 + 2, _short(bar.label))
        for kind, share, at in (("baseline", bar.baseline, top + 2), ("window", bar.window, top + 4 + THICK)):
            if share is None:
                drawing.text("figure start", NAMES_WIDTH + 4, at + THICK - 2, none)
                continue
            drawing.box(f"bar {kind}", NAMES_WIDTH, at, max(share * scale, 0.5), THICK)
            drawing.text("figure start", NAMES_WIDTH + share * scale + 5, at + THICK - 2, percent(share))
    drawing.line("axis", NAMES_WIDTH, 2, NAMES_WIDTH, ROW * len(rows) + 8)
    return drawing.markup(f"{title}: baseline and window as bars; the figures follow as a table")


def trend(found: Trend) -> str:
    """A measure in each window with its 95 % interval, and the baseline as a dashed line."""
    drawing = Svg(WIDTH, TREND_HEIGHT)
    low, high = _range(found)
    floor, ceiling = TREND_HEIGHT - BOTTOM, TOP

    def y(value: float) -> float:
        return floor - (value - low) / (high - low) * (floor - ceiling)

    def x(place: int) -> float:
        room = WIDTH - LEFT - RIGHT
        return LEFT + room * (place + 0.5) / len(found.points)

    for value, said in ticks(low, high, share=found.share):
        drawing.line("grid", LEFT, y(value), WIDTH - RIGHT, y(value))
        drawing.text("figure end", LEFT - 5, y(value) + 4, said)
    if found.baseline is not None:
        drawing.line("baseline-line", LEFT, y(found.baseline), WIDTH - RIGHT, y(found.baseline))
    known = [(x(place), point) for place, point in enumerate(found.points) if point.measure.value is not None]
    drawing.way("trend", [(at, y(point.measure.value or 0.0)) for at, point in known])
    for at, point in known:
        measure = point.measure
        if measure.low is not None and measure.high is not None:
            drawing.line("whisker", at, y(measure.low), at, y(measure.high))
        if point.verdict is Verdict.VIOLATED:
            drawing.diamond("violated", at, y(measure.value or 0.0), 6)
        else:
            drawing.circle("dot", at, y(measure.value or 0.0), 4)
    every = max(1, -(-len(found.points) // DATES_SHOWN))
    for place, point in enumerate(found.points):
        if (len(found.points) - 1 - place) % every == 0:  # the newest is always named
            drawing.text("figure middle", x(place), TREND_HEIGHT - 14, f"{point.window.end.day} {point.window.end:%b}")
    return drawing.markup(f"{found.title} over time, with 95 % intervals; the figures follow as a table")


class Difference(NamedTuple):
    """``bad``: the difference is one that was judged against."""

    label: str
    measure: Measure
    bad: bool


def forest(title: str, rows: Sequence[Difference]) -> str:
    """Differences with their 95 % intervals on one axis, beside a line at none."""
    found = [each for row in rows for each in (row.measure.value, row.measure.low, row.measure.high)]
    ends = [each for each in found if each is not None]
    reach = max([abs(each) for each in ends] or [0.0]) * (1 + ROOM) or SMALLEST_RANGE
    height = ROW * len(rows) + BOTTOM
    drawing = Svg(WIDTH, height)
    left, right = NAMES_WIDTH, WIDTH - RIGHT - FIGURES_WIDTH / 2

    def x(value: float) -> float:
        return (left + right) / 2 + value / reach * (right - left) / 2

    for value, said in ticks(-reach, reach):
        drawing.line("baseline-line" if value == 0 else "grid", x(value), 4, x(value), height - BOTTOM + 4)
        drawing.text("figure middle", x(value), height - 14, f"+{said}" if value > 0 else said)
    for number, row in enumerate(rows):
        at = 5 + number * ROW + ROW / 2
        drawing.text("label end", left - 8, at + 4, _short(row.label))
        if row.measure.low is not None and row.measure.high is not None:
            drawing.line("whisker", x(row.measure.low), at, x(row.measure.high), at)
        mark = drawing.diamond if row.bad else drawing.circle
        mark("violated" if row.bad else "dot", x(row.measure.value or 0.0), at, 6 if row.bad else 4.5)
    return drawing.markup(f"{title}, with 95 % intervals; the figures follow in words")


def _range(found: Trend) -> tuple[float, float]:
    values = [found.baseline] if found.baseline is not None else []
    for point in found.points:
        values += [each for each in (point.measure.value, point.measure.low, point.measure.high) if each is not None]
    lowest, highest = min(values, default=0.0), max(values, default=1.0)
    short = max(0.0, SMALLEST_RANGE - (highest - lowest)) / 2
    room = short + (highest - lowest + 2 * short) * ROOM
    low, high = lowest - room, highest + room
    # Most measures are shares: no axis goes beyond where a figure can be.
    return (max(low, 0.0) if lowest >= 0 else low), (min(high, 1.0) if highest <= 1 else high)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
