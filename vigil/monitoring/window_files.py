"""From the files of a window to the distributions and rankings that people look at.

Values that fewer than ``SMALLEST_COUNT`` cases of a window hold are grouped, so that no plot or table singles anybody
out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vigil.monitoring.shown import SMALLEST_COUNT, Bar, RankedFeature

VALUES_SHOWN = 10
FEATURES_SHOWN = 10
GROUPED = "other values"


class Share(NamedTuple):
    """A value, term or range, and which share of the reports holds it."""

    label: str
    baseline: float
    window: float


def grouped(
    shares: Iterable[Share], baseline_cases: int, window_cases: int, most: int = VALUES_SHOWN
) -> tuple[Bar, ...]:
    """A bar for each value, the largest change first.

    Values that fewer than ``SMALLEST_COUNT`` cases of the window hold, unless they went away altogether, and those
    beyond ``most``, are one bar. A baseline's share of fewer cases is not given.
    """
    kept, rest = list[Share](), list[Share]()
    for share in shares:
        now, before = share.window * window_cases, share.baseline * baseline_cases
        few = _few(now) or (round(now) == 0 and round(before) < SMALLEST_COUNT)
        (rest if few else kept).append(share)
    kept.sort(key=lambda share: (-abs(share.window - share.baseline), share.label))
    rest += kept[most:]
    found = [
        Bar(
            label=share.label,
            baseline=None if _few(share.baseline * baseline_cases) else share.baseline,
            window=share.window,
        )
        for share in kept[:most]
    ]
    if rest:
        before, now = sum(share.baseline for share in rest), sum(share.window for share in rest)
        found.append(
            Bar(
                label=GROUPED,
                baseline=None if _few(before * baseline_cases) else before,
                window=None if _few(now * window_cases) else now,
            )
        )
    return tuple(found)


def _few(cases: float) -> bool:
    return 0 < round(cases) < SMALLEST_COUNT


def ranked(
    baseline: dict[str, float], window: dict[str, float], most: int = FEATURES_SHOWN
) -> tuple[RankedFeature, ...]:
    """The strongest ``most`` features of either side by mean absolute attribution, in the window's order."""
    before, now = _places(baseline), _places(window)
    shown = [name for name in now if now[name] <= most] + [
        name for name in before if before[name] <= most and now.get(name, most + 1) > most
    ]
    totals = [sum(values.values()) or 1.0 for values in (baseline, window)]
    return tuple(
        RankedFeature(
            feature=name,
            baseline_rank=before.get(name),
            window_rank=now.get(name),
            baseline_share=baseline[name] / totals[0] if name in baseline else None,
            window_share=window[name] / totals[1] if name in window else None,
        )
        for name in shown
    )


def _places(values: dict[str, float]) -> dict[str, int]:
    order = sorted(values, key=lambda name: (-values[name], name))
    return {name: place for place, name in enumerate(order, start=1)}
