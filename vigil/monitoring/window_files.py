"""From the files of a window to the distributions and rankings that people look at.

Values that fewer than ``SMALLEST_COUNT`` cases of a window hold are grouped, so that no plot or table singles anybody
out. Nothing of a file is trusted to be as it should: what cannot be read is a ``WindowFileError``, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from vigil.monitoring.models import Violation
from vigil.monitoring.shown import SMALLEST_COUNT, Bar, Moved, RankedFeature

VALUES_SHOWN = 10
FEATURES_SHOWN = 10
REST, GROUPED = "(other)", "other values"


class WindowFileError(Exception):
    """A file of a window or a baseline is not as the monitors write it; the message says which part."""


class Share(NamedTuple):
    """A value, term or range, and which share of all values it is."""

    label: str
    baseline: float
    window: float


class _Compared(BaseModel):
    """One column of ``vigil.compared`` in the data-quality monitor's ``statistics.json``: shares by label, 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: tuple[str, ...]
    baseline: tuple[float, ...]
    window: tuple[float, ...]
    distance: float

    @property
    def shares(self) -> list[Share]:
        return [Share(*each) for each in zip(self.labels, self.baseline, self.window, strict=True)]


class _Ranking(BaseModel):
    """``vigil.ranking`` of the attribution monitor: the strongest columns of each side, and the sum of all columns."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    baseline: tuple[tuple[str, float], ...]
    window: tuple[tuple[str, float], ...]
    totals: dict[Literal["baseline", "window"], float]


_COMPARED = TypeAdapter(dict[str, _Compared])
_FACETS = TypeAdapter(dict[str, list[dict[str, Any]]])


def compared_columns(
    statistics: Mapping[str, Any], violations: Iterable[Violation], baseline_cases: int
) -> tuple[Moved, ...]:
    """Every column that both sides have: the violated ones first, then those that moved furthest.

    ``statistics``: the data-quality monitor's of a window, which hold the baseline's shares too. Raises
    ``WindowFileError``.
    """
    said: dict[str, list[str]] = {}
    for violation in violations:
        said.setdefault(violation.feature, []).append(violation.description)
    try:
        columns = _COMPARED.validate_python(statistics.get("vigil", {}).get("compared", {}))
        filled = {str(each["name"]): _filled(each) for each in statistics["features"]}
        found = [
            Moved(
                feature=name,
                distance=column.distance,
                violated=name in said,
                bars=grouped(column.shares, baseline_cases * filled[name].share, filled[name]),
                words="; ".join(said.get(name, ())),
            )
            for name, column in columns.items()
        ]
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise WindowFileError(f"its statistics are not as the monitor writes them ({type(error).__name__})") from None
    return tuple(sorted(found, key=lambda each: (not each.violated, -(each.distance or 0.0), each.feature)))


class _Filled(NamedTuple):
    """How many cases fill a column, which share of all that is, and whether it holds numbers."""

    cases: int
    share: float
    numbers: bool


def _filled(feature: Mapping[str, Any]) -> _Filled:
    numbers = "numerical_statistics" in feature
    common = feature["numerical_statistics" if numbers else "string_statistics"]["common"]
    present, missing = int(common["num_present"]), int(common["num_missing"])
    return _Filled(present, present / max(present + missing, 1), numbers)


def grouped(
    shares: Iterable[Share], baseline_cases: float, filled: _Filled, most: int = VALUES_SHOWN
) -> tuple[Bar, ...]:
    """A bar for each value, the largest change first; ranges of numbers in their order.

    Values that fewer than ``SMALLEST_COUNT`` cases of the window hold, unless they went away altogether, and those
    beyond ``most``, are one bar. A baseline's share of fewer cases is not given.
    """
    kept, rest = list[Share](), list[Share]()
    for share in shares:
        now, before = share.window * filled.cases, share.baseline * baseline_cases
        few = _few(now) or (round(now) == 0 and round(before) < SMALLEST_COUNT)
        (rest if few or share.label == REST else kept).append(share)
    if not filled.numbers:
        kept.sort(key=lambda share: (-abs(share.window - share.baseline), share.label))
    shown = list(kept[:most])
    rest += kept[most:]
    if rest:
        together = Share(GROUPED, sum(each.baseline for each in rest), sum(each.window for each in rest))
        shown += [together] if together.baseline or together.window else []
    return tuple(
        Bar(
            label=each.label,
            baseline=None if _few(each.baseline * baseline_cases) else min(each.baseline, 1.0),
            window=None if _few(each.window * filled.cases) else min(each.window, 1.0),
        )
        for each in shown
    )


def _few(cases: float) -> bool:
    return cases > 0 and round(cases) < SMALLEST_COUNT


def ranking_of(statistics: Mapping[str, Any]) -> tuple[RankedFeature, ...]:
    """Of the attribution monitor's ``statistics.json``. Raises ``WindowFileError``."""
    try:
        found = _Ranking.model_validate(statistics["vigil"]["ranking"])
        return ranked(dict(found.baseline), dict(found.window), (found.totals["baseline"], found.totals["window"]))
    except (ValidationError, KeyError, TypeError) as error:
        raise WindowFileError(f"its ranking is not as the monitor writes it ({type(error).__name__})") from None


def bias_figures(statistics: Mapping[str, Any]) -> dict[str, float]:
    """``dppl_sex_F`` and the like: the post-training metrics of a baseline, named as a window's measures are.

    ``statistics``: Clarify's ``analysis.json`` as the bias monitor writes it. Raises ``WindowFileError``.
    """
    try:
        facets = _FACETS.validate_python(statistics["post_training_bias_metrics"]["facets"])
        return {
            f"{str(metric['name']).lower()}_{facet}_{group['value_or_threshold']}": float(metric["value"])
            for facet, groups in facets.items()
            for group in groups
            for metric in group["metrics"]
            if metric["value"] is not None
        }
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise WindowFileError(f"its bias metrics are not as the monitor writes them ({type(error).__name__})") from None


def ranked(
    baseline: dict[str, float], window: dict[str, float], totals: tuple[float, float], most: int = FEATURES_SHOWN
) -> tuple[RankedFeature, ...]:
    """The strongest ``most`` features of either side by mean absolute attribution, in the window's order.

    ``totals``: the attribution of all features in the baseline and in the window, listed or not.
    """
    before, now = _places(baseline), _places(window)
    shown = [name for name in now if now[name] <= most] + [
        name for name in before if before[name] <= most and now.get(name, most + 1) > most
    ]
    return tuple(
        RankedFeature(
            feature=name,
            baseline_rank=before.get(name),
            window_rank=now.get(name),
            baseline_share=baseline[name] / (totals[0] or 1.0) if name in baseline else None,
            window_share=window[name] / (totals[1] or 1.0) if name in window else None,
        )
        for name in shown
    )


def _places(values: dict[str, float]) -> dict[str, int]:
    order = sorted(values, key=lambda name: (-values[name], name))
    return {name: place for place, name in enumerate(order, start=1)}
