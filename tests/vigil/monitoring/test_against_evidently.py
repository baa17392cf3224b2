"""The same data through Vigil's comparison and through ``evidently`` 0.7, and why each verdict that differs does.

``DataDriftPreset`` with its own defaults (evidently's documentation, "Data drift"): above 1,000 rows, numbers by
Wasserstein distance over the standard deviation and categories by Jensen-Shannon distance, drifted from 0.1 on; up to
1,000 rows, the Kolmogorov-Smirnov test or the chi-squared (two values: z) test, drifted below p = 0.05, each column by
itself. evidently is slow, so it is asked three times in all; columns do not disturb each other, so one window holds
several changes, and what did not change in it is what no drift looks like.
``docs/decisions/0014`` has the differences in one table.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from observed_cases import RULES, drawn

from vigil.monitoring.data_quality import DataQuality, compare
from vigil.monitoring.profile import Profile

NUMBERS = ["age_years", "weight_kg", "reaction_count", "drug_count", "probability", "uncertainty"]
CATEGORIES = ["sex", "reporter_country", "reporter_occupation", "sender", "band"]
FAR, SURE = 0.1, 0.05  # evidently's own limits: a distance, a p-value
BASELINE = drawn(2600, 1)
NOISY_SEED = 21  # without drift all the same
SMALL_BASELINE = BASELINE.slice(0, 900)


@dataclass(frozen=True)
class Theirs:
    """What evidently measured of each column, by which method, and the columns that it calls drifted."""

    measured: dict[str, float]
    method: dict[str, str]

    @property
    def drifted(self) -> set[str]:
        return {
            name
            for name, measured in self.measured.items()
            if (measured < SURE if "p_value" in self.method[name] else measured >= FAR)
        }


def _evidently(baseline: pa.Table, window: pa.Table) -> Theirs:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
        sides = [
            Dataset.from_pandas(side.select([*NUMBERS, *CATEGORIES]).to_pandas(), data_definition=definition)
            for side in (window, baseline)
        ]
        found: list[dict[str, Any]] = Report([DataDriftPreset()]).run(*sides).dict()["metrics"]
    columns = [metric for metric in found if "ValueDrift" in metric["config"]["type"]]
    return Theirs(
        {metric["config"]["column"]: float(metric["value"]) for metric in columns},
        {metric["config"]["column"]: metric["config"]["method"] for metric in columns},
    )


def _ours(baseline: pa.Table, window: pa.Table) -> DataQuality:
    return compare(Profile.of([baseline]), Profile.of([window]), RULES)


def _features(found: DataQuality) -> set[str]:
    return {violation.feature for violation in found.violations}


def _countries(rows: int, seed: int) -> list[str | None]:
    values = drawn(rows, seed)["reporter_country"].to_pylist()
    return [["DE", "FR"][place % 2] if value == "EU" else value for place, value in enumerate(values)]


def _some_blank(rows: int, seed: int) -> list[str | None]:
    return [None if place % 6 == 0 else value for place, value in enumerate(drawn(rows, seed)["sex"].to_pylist())]


def _more_of(sender: str, rows: int, seed: int) -> list[str | None]:
    values = drawn(rows, seed)["sender"].to_pylist()
    return [sender if place % 17 == 0 else value for place, value in enumerate(values)]


def _around(age: float) -> pa.Array:
    return pa.array(np.clip(np.random.default_rng(4).normal(age, 18, 1300).round(), 0, 100))


@pytest.fixture(scope="module")
def windows() -> dict[str, pa.Table]:
    return {
        "changed": drawn(
            1300,
            2,
            age_years=_around(48),
            reporter_country=_countries(1300, 2),
            sex=_some_blank(1300, 2),
            sender=_more_of("SENDER 7", 1300, 2),
            reactions=[["recoded term"]] * 1300,
        ),
        "slightly-older": drawn(1300, 2, age_years=_around(61)),  # and nothing else
        "small": drawn(600, NOISY_SEED),
    }


@pytest.fixture(scope="module")
def theirs(windows: dict[str, pa.Table]) -> dict[str, Theirs]:
    """All that is asked of evidently, by the window."""
    return {name: _evidently(_baseline(name), window) for name, window in windows.items()}


@pytest.fixture(scope="module")
def ours(windows: dict[str, pa.Table]) -> dict[str, DataQuality]:
    return {name: _ours(_baseline(name), window) for name, window in windows.items()}


def _baseline(window: str) -> pa.Table:
    return SMALL_BASELINE if window == "small" else BASELINE


def test_in_columns_without_drift_both_find_nothing(theirs: dict[str, Theirs], ours: dict[str, DataQuality]) -> None:
    assert theirs["slightly-older"].drifted <= {"age_years"}
    assert _features(ours["slightly-older"]) == set()


def test_what_moved_far_both_find(theirs: dict[str, Theirs], ours: dict[str, DataQuality]) -> None:
    assert theirs["changed"].drifted == {"age_years", "reporter_country"}
    assert _features(ours["changed"]) == {"age_years", "reporter_country", "sex", "sender", "reactions"}


def test_the_distance_of_categories_is_the_same_but_for_the_logarithm(
    theirs: dict[str, Theirs], ours: dict[str, DataQuality]
) -> None:
    """Theirs is in nats, ours in bits: by the square root of ln 2 = 0.833 theirs is smaller, its limit 0.12 of ours."""
    for window in ("slightly-older", "changed"):
        assert theirs[window].method["reporter_occupation"] == "Jensen-Shannon distance"
        for name in ("reporter_occupation", "band", "sex"):
            measured = ours[window].columns[name].distance * math.sqrt(math.log(2))
            assert theirs[window].measured[name] == pytest.approx(measured, abs=1e-6)


def test_a_shift_of_a_sixth_of_a_deviation_is_drift_to_them_and_none_to_us(
    theirs: dict[str, Theirs], ours: dict[str, DataQuality]
) -> None:
    """Wasserstein's 0.1 is a tenth of the standard deviation: 1.8 years of age. To us it matters how many cases changed
    their decile; of so small a shift that is a Jensen-Shannon distance below .1."""
    assert theirs["slightly-older"].drifted == {"age_years"}
    assert "age_years" not in _features(ours["slightly-older"])
    assert ours["slightly-older"].columns["age_years"].distance < FAR


def test_values_that_go_missing_are_seen_by_us_alone(theirs: dict[str, Theirs], ours: dict[str, DataQuality]) -> None:
    """Their drift is of the values that are there; missing ones are another preset's matter, without a comparison."""
    assert "sex" not in theirs["changed"].drifted
    (violation,) = (violation for violation in ours["changed"].violations if violation.feature == "sex")
    assert violation.check == "completeness_check"


def test_one_sender_with_six_in_a_hundred_more_is_seen_by_us_alone(theirs: dict[str, Theirs]) -> None:
    """Over twenty senders the distance stays below their limit; we also look at each frequent value by itself."""
    assert theirs["changed"].measured["sender"] < FAR


def test_lists_of_terms_are_seen_by_us_alone(theirs: dict[str, Theirs]) -> None:
    """They know no column of many values; as texts, lists would be unlike each other nearly always."""
    assert "reactions" not in theirs["changed"].measured


def test_in_small_windows_they_cry_wolf_one_column_in_twenty_and_we_do_not(theirs: dict[str, Theirs]) -> None:
    """Up to 1,000 rows theirs is p < 0.05 for each of eleven columns, whatever the size of the difference: each of
    twelve windows tried had a column that moved by chance. Ours asks for size too, and divides alpha by the looks."""
    assert all("p_value" in method for method in theirs["small"].method.values())
    assert theirs["small"].drifted
    for seed in range(NOISY_SEED, NOISY_SEED + 12):
        assert _features(_ours(SMALL_BASELINE, drawn(600, seed))) == set()
