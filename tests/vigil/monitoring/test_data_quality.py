from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from observed_cases import RULES, drawn
from scipy.spatial.distance import jensenshannon

from vigil.datasets.drift import compare as compare_profiles
from vigil.datasets.models import DatasetProfile
from vigil.monitoring.data_quality import DataQuality, compare
from vigil.monitoring.distributions import compare_column, decile_edges, same_share_p
from vigil.monitoring.models import WindowStatus
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import Profile

BASELINE = Profile.of([drawn(2600, 1)])
ROWS = 1300


def _judged(table: pa.Table) -> DataQuality:
    return compare(BASELINE, Profile.of([table]), RULES)


def _found(table: pa.Table) -> list[tuple[str, str, str]]:
    return [(violation.feature, violation.check, violation.metric) for violation in _judged(table).violations]


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
@pytest.mark.parametrize("rows", [250, 1300, 5000])
def test_a_window_from_the_same_source_breaks_nothing(rows: int, seed: int) -> None:
    judged = _judged(drawn(rows, seed))
    assert (judged.status, judged.violations) == (WindowStatus.OK, ())


def test_too_few_cases_are_compared_but_not_judged() -> None:
    judged = _judged(drawn(199, 2, sex=["M"] * 199))
    assert (judged.status, judged.violations) == (WindowStatus.TOO_FEW, ())
    assert judged.columns["sex"].distance > RULES.distance
    assert _judged(drawn(0, 2)).status is WindowStatus.TOO_FEW


def test_a_distribution_that_moved_is_told_by_its_distance() -> None:
    older = pa.array(np.clip(np.random.default_rng(3).normal(70, 18, ROWS).round(), 0, 100))
    assert _found(drawn(ROWS, 2, age_years=older)) == [("age_years", "baseline_drift_check", "js_distance")]


def test_a_column_that_is_filled_less_often_is_told_and_more_often_is_none() -> None:
    table = drawn(ROWS, 2)
    blanked = [None if place % 6 == 0 else value for place, value in enumerate(table["sex"].to_pylist())]
    assert _found(table.set_column(2, "sex", pa.array(blanked))) == [("sex", "completeness_check", "completeness_drop")]
    everywhere = [value or "F" for value in table["sex"].to_pylist()]
    assert ("sex", "completeness_check") not in {
        found[:2] for found in _found(table.set_column(2, "sex", [everywhere]))
    }


def test_a_sender_that_sends_more_is_named_with_its_shares() -> None:
    senders = drawn(ROWS, 2)["sender"].to_pylist()
    batch = ["SENDER 7" if place % 16 == 0 else value for place, value in enumerate(senders)]
    (violation,) = _judged(drawn(ROWS, 2, sender=batch)).violations
    assert (violation.feature, violation.check) == ("sender", "baseline_drift_check")
    assert "'SENDER 7' in 1" in violation.description
    assert violation.measured is not None
    assert violation.measured > RULES.share_change


def test_values_the_baseline_never_saw_are_told_but_not_those_that_come_all_the_time() -> None:
    table = drawn(ROWS, 2)
    recoded = [
        sorted({f"{value} new" if value.endswith(("1", "2")) else value for value in values})
        for values in table["reactions"].to_pylist()
    ]
    found = _found(table.set_column(6, "reactions", pa.array(recoded)))
    assert ("reactions", "categorical_values_check", "unknown_share_rise") in found


def test_several_values_of_one_column_are_one_violation() -> None:
    countries = drawn(ROWS, 2)["reporter_country"].to_pylist()
    recoded = [["DE", "FR"][place % 2] if value == "EU" else value for place, value in enumerate(countries)]
    judged = _judged(drawn(ROWS, 2, reporter_country=recoded))
    assert [(violation.feature, violation.check) for violation in judged.violations] == [
        ("reporter_country", "baseline_drift_check"),
        ("reporter_country", "categorical_values_check"),
    ]
    assert all(name in judged.violations[0].description for name in ("'EU'", "'DE'", "'FR'"))
    assert {"DE", "FR", "EU"} <= set(judged.columns["reporter_country"].labels)


def test_numbers_beyond_the_baselines_ends_are_told() -> None:
    weights = drawn(ROWS, 2)["weight_kg"].to_pylist()
    grams = [value and (value * 1000 if place % 17 == 0 else value) for place, value in enumerate(weights)]
    assert _found(drawn(ROWS, 2, weight_kg=grams)) == [("weight_kg", "baseline_drift_check", "outside_range_share")]


def test_columns_of_another_type_missing_or_new_are_told() -> None:
    table = drawn(ROWS, 2).drop_columns(["band"]).append_column("colour", pa.array(["red"] * ROWS))
    texts = ["unknown" if place % 10 == 0 else "50" for place in range(ROWS)]
    found = {name[:2] for name in _found(table.set_column(0, "age_years", pa.array(texts)))}
    assert {
        ("age_years", "data_type_check"),
        ("band", "missing_column_check"),
        ("colour", "extra_column_check"),
    } <= found


def test_a_large_window_does_not_make_a_small_difference_matter() -> None:
    sexes = [["F", "M"][place % 1000 < 441] for place in range(20_000)]
    judged = _judged(drawn(20_000, 2, sex=sexes))
    assert judged.columns["sex"].p_value < 0.05
    assert "sex" not in {violation.feature for violation in judged.violations}


def test_every_look_counts_towards_the_chance_of_a_false_alarm() -> None:
    looks = _judged(drawn(ROWS, 2)).measures["looks"].value
    assert looks is not None
    assert looks > 60


def test_distances_are_those_that_approvers_see_of_two_datasets() -> None:
    """``vigil.datasets.drift`` writes the same distance out by hand, where there is no scipy."""
    window = Profile.of([drawn(ROWS, 2, sex=["F"] * 900 + ["M"] * 400)])
    compared = compare_column(BASELINE.columns["sex"], window.columns["sex"])
    assert compared is not None
    sides = [
        DatasetProfile.model_construct(
            columns={"sex": _Distribution(dict(zip(compared.labels, side, strict=True)))}  # type: ignore[dict-item]
        )
        for side in (compared.baseline, compared.window)
    ]
    assert compare_profiles(*sides)["sex"].distance == pytest.approx(compared.distance, abs=1e-6)
    assert compared.distance == pytest.approx(float(jensenshannon(compared.baseline, compared.window, base=2)))


class _Distribution:
    def __init__(self, shares: dict[str, float]) -> None:
        self.shares, self.missing = shares, 0.0


def test_edges_of_whole_numbers_lie_between_two_and_do_not_repeat() -> None:
    column = NumberProfile()
    column.update(pa.array([1] * 500 + [2] * 300 + [3] * 150 + list(range(4, 54))))
    assert decile_edges(column) == sorted({math.floor(edge) + 0.5 for edge in decile_edges(column)})
    assert decile_edges(column)[:2] == [1.5, 2.5]
    constant = NumberProfile()
    constant.update(pa.array([4.2] * 10))
    assert decile_edges(constant) == []


def test_chances_are_those_of_equal_shares() -> None:
    assert same_share_p(50, 100, 500, 1000) == pytest.approx(1.0)
    assert same_share_p(0, 1000, 40, 1000) < 1e-9
    assert same_share_p(0, 100, 0, 100) == 1.0
    assert same_share_p(0, 0, 5, 10) == 1.0
