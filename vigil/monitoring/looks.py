"""What the data-quality monitor looks at, column by column: each look a measure, its limit and a p-value.

The checks' names are Model Monitor's ``constraint_check_type``. It has none for a range: numbers beyond the
baseline's least and greatest are a drift from the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigil.change_control.monitoring_rules import DataQualityRules
from vigil.monitoring.distributions import Compared, same_share_p
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import ColumnProfile, Profile
from vigil.monitoring.values import ValuesProfile, is_hidden

TYPE, COMPLETE = "data_type_check", "completeness_check"
DRIFT, UNKNOWN = "baseline_drift_check", "categorical_values_check"
MISSING_COLUMN, EXTRA_COLUMN = "missing_column_check", "extra_column_check"


@dataclass(frozen=True)
class Look:
    """``beyond`` its limit or not; ``p_value``: that chance alone gives it. ``value``: the one looked at, if one is."""

    feature: str
    check: str
    metric: str
    measured: float
    limit: float
    p_value: float
    description: str
    value: str | None = None

    @property
    def beyond(self) -> bool:
        return self.measured > self.limit


def looks_at_columns(baseline: Profile, window: Profile) -> list[Look]:
    """Columns that only one of the two has: no chance in that. A window without a case has no columns to miss."""
    if not window.rows:
        return []
    missing = [name for name in baseline.columns if name not in window.columns]
    extra = [*(name for name in window.columns if name not in baseline.columns), *sorted(window.extra - baseline.extra)]
    return [
        Look(name[:300], check, "columns", 1.0, 0.0, 0.0, f"the window {verb} the column, the baseline {other}")
        for names, check, verb, other in (
            (missing, MISSING_COLUMN, "lacks", "has it"),
            (extra, EXTRA_COLUMN, "has", "does not"),
        )
        for name in names
    ]


def looks_at_column(
    name: str, baseline: ColumnProfile, window: ColumnProfile, compared: Compared | None, rules: DataQualityRules
) -> list[Look]:
    looks = [_completeness(name, baseline, window, rules), _type(name, baseline, window, rules)]
    if compared is not None:
        told = f"distance {compared.distance:.3f} from the baseline's distribution"
        looks.append(Look(name, DRIFT, "js_distance", compared.distance, rules.distance, compared.p_value, told))
    if isinstance(baseline, NumberProfile) and isinstance(window, NumberProfile):
        looks += _range(name, baseline, window, rules)
    if isinstance(baseline, ValuesProfile) and isinstance(window, ValuesProfile):
        looks += _unknown(name, baseline, window, rules)
        looks += _values(name, baseline, window, rules)
    return looks


def _rows(column: ColumnProfile) -> int:
    return column.present + column.missing + column.mistyped


def _completeness(name: str, baseline: ColumnProfile, window: ColumnProfile, rules: DataQualityRules) -> Look:
    before, now = _rows(baseline), _rows(window)
    shares = [side.present / rows if rows else 0.0 for side, rows in ((baseline, before), (window, now))]
    p_value = same_share_p(baseline.present, before, window.present, now)
    told = f"filled in {shares[1]:.1%} of the cases, {shares[0]:.1%} in the baseline"
    return Look(name, COMPLETE, "completeness_drop", shares[0] - shares[1], rules.completeness_drop, p_value, told)


def _type(name: str, baseline: ColumnProfile, window: ColumnProfile, rules: DataQualityRules) -> Look:
    before, now = _rows(baseline), _rows(window)
    share = window.mistyped / now if now else 0.0
    p_value = same_share_p(baseline.mistyped, before, window.mistyped, now)
    told = f"another type than the baseline's in {share:.1%} of the cases"
    return Look(name, TYPE, "mistyped_share", share, rules.unknown_share_rise, p_value, told)


def _range(name: str, baseline: NumberProfile, window: NumberProfile, rules: DataQualityRules) -> list[Look]:
    """Of numbers from the same source, two in a baseline's number of them are expected beyond its ends."""
    if baseline.bounds is None or not window.present:
        return []
    low, high = baseline.bounds
    share = window.outside(low, high)
    p_value = same_share_p(min(2, baseline.present), baseline.present, share * window.present, window.present)
    told = f"{share:.1%} of the numbers lie outside the baseline's {low:.4g} to {high:.4g}"
    return [Look(name, DRIFT, "outside_range_share", share, rules.unknown_share_rise, p_value, told)]


def _unknown(name: str, baseline: ValuesProfile, window: ValuesProfile, rules: DataQualityRules) -> list[Look]:
    """New values come all the time where the vocabulary is open: only what is more than that is a rise.

    Of occurrences, which are cases where a case has one value. Tested on cases, as distributions are.
    """
    if not baseline.present or not window.present:
        return []
    unknown = sum(count for value, count in window.counts.items() if not baseline.count(value))
    share = unknown / sum(window.counts.values())
    expected = baseline.unseen_share
    p_value = same_share_p(expected * baseline.present, baseline.present, share * window.present, window.present)
    told = f"{share:.1%} of the values are unknown to the baseline, {expected:.1%} are expected"
    return [Look(name, UNKNOWN, "unknown_share_rise", share - expected, rules.unknown_share_rise, p_value, told)]


def _values(name: str, baseline: ValuesProfile, window: ValuesProfile, rules: DataQualityRules) -> list[Look]:
    """Only values that are frequent enough on a side to change by so much are looked at."""
    if not baseline.present or not window.present:
        return []
    frequent = {
        value
        for side in (baseline, window)
        for value, count in side.counts.items()
        if count > rules.share_change * side.present and not is_hidden(value)
    }
    return [_value(name, value, baseline, window, rules) for value in sorted(frequent)]


def _value(name: str, value: str, baseline: ValuesProfile, window: ValuesProfile, rules: DataQualityRules) -> Look:
    before, now = baseline.share(value), window.share(value)
    p_value = same_share_p(before * baseline.present, baseline.present, now * window.present, window.present)
    told = f"{value!r} in {now:.1%} of the cases, {before:.1%} in the baseline"
    return Look(name, DRIFT, "share_change", abs(now - before), rules.share_change, p_value, told, value)
