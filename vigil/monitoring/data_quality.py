"""The data-quality monitor: what a window's reports and answers look like beside the baseline's.

Every look (a column's distribution, its completeness, one value's share ...) gives a p-value and a measure. It is a
violation when the measure is beyond the plan's limit, and chance alone gives such a difference less often than the
plan's ``alpha`` divided by the number of looks (Bonferroni): neither a large window nor a small one cries wolf.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from vigil.change_control.monitoring_rules import DataQualityRules
from vigil.models.models import Measure
from vigil.monitoring.distributions import Compared, compare_column, shown
from vigil.monitoring.looks import Look, looks_at_column, looks_at_columns
from vigil.monitoring.models import Violation, WindowStatus
from vigil.monitoring.profile import Profile

NAMED_VALUES = 5  # in one description


@dataclass(frozen=True)
class DataQuality:
    """``measures``: ``largest_distance``, ``largest_share_change``, ``largest_completeness_drop``,
    ``largest_unknown_share_rise``, and ``looks``. ``columns``: the distributions side by side, with their distances.
    """

    status: WindowStatus
    violations: tuple[Violation, ...]
    measures: dict[str, Measure]
    columns: dict[str, Compared]


def compare(baseline: Profile, window: Profile, rules: DataQualityRules) -> DataQuality:
    """Judge a window. Below ``rules.minimum_cases`` it is compared, but not judged: ``TOO_FEW``, no violations."""
    columns, looks = {}, looks_at_columns(baseline, window)
    for name in [name for name in baseline.columns if name in window.columns]:
        ours, theirs = window.columns[name], baseline.columns[name]
        compared = compare_column(theirs, ours)
        looks += looks_at_column(name, theirs, ours, compared, rules)
        if compared is not None:
            moved = [look.value for look in looks if look.feature == name and look.value and look.beyond]
            columns[name] = shown(theirs, ours, compared, moved)
    few = window.rows < rules.minimum_cases
    violations = () if few else _violations(looks, rules.alpha / max(len(looks), 1))
    status = WindowStatus.TOO_FEW if few else WindowStatus.VIOLATIONS if violations else WindowStatus.OK
    return DataQuality(status, violations, _measures(looks), columns)


def _violations(looks: list[Look], alpha: float) -> tuple[Violation, ...]:
    """One for each column and check: several values of one column are one change, told by its largest."""
    broken = [look for look in looks if look.beyond and look.p_value < alpha]
    broken.sort(key=lambda look: (look.feature, look.check, look.value is not None, -look.measured, look.value or ""))
    grouped = groupby(broken, key=lambda look: (look.feature, look.check))
    return tuple(_violation(list(group)) for _, group in grouped)


def _violation(group: list[Look]) -> Violation:
    first = group[0]
    told = "; ".join(look.description for look in group[: NAMED_VALUES + 1])
    if len(group) > NAMED_VALUES + 1:
        told += f"; and {len(group) - NAMED_VALUES - 1} more"
    return Violation(
        feature=first.feature,
        check=first.check,
        metric=first.metric,
        measured=round(first.measured, 6),
        limit=first.limit,
        description=told[:1000],
    )


def _measures(looks: list[Look]) -> dict[str, Measure]:
    metrics = {
        "largest_distance": "js_distance",
        "largest_share_change": "share_change",
        "largest_completeness_drop": "completeness_drop",
        "largest_unknown_share_rise": "unknown_share_rise",
    }
    figures = {
        name: max((look.measured for look in looks if look.metric == metric), default=None)
        for name, metric in metrics.items()
    }
    figures["looks"] = float(len(looks))
    return {
        name: Measure(value=None if figure is None else round(figure, 6), low=None, high=None)
        for name, figure in figures.items()
    }
