"""Distributions and rankings from the files of windows; few cases single nobody out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_examples import BASELINE_CASES, BIAS, DATA_VIOLATIONS, TOTALS, attribution, bias_baseline, statistics

from vigil.monitoring.shown import SMALLEST_COUNT
from vigil.monitoring.window_files import (
    GROUPED,
    VALUES_SHOWN,
    WindowFileError,
    bias_figures,
    compared_columns,
    ranked,
    ranking_of,
)


def document(counts: dict[str, tuple[int, int]], kind: str = "string_statistics") -> dict[str, Any]:
    """``counts``: cases of the baseline and of the window by value."""
    before, now = (sum(each[side] for each in counts.values()) or 1 for side in (0, 1))
    return {
        "features": [{"name": "column", kind: {"common": {"num_present": now, "num_missing": 0}}}],
        "vigil": {
            "compared": {
                "column": {
                    "labels": list(counts),
                    "baseline": [each[0] / before for each in counts.values()],
                    "window": [each[1] / now for each in counts.values()],
                    "distance": 0.2,
                }
            }
        },
    }


def test_violated_columns_come_first_then_those_that_moved_furthest() -> None:
    found = compared_columns(statistics(), DATA_VIOLATIONS, BASELINE_CASES)
    assert [each.feature for each in found] == ["reporter_country", "sender", "reporter_occupation", "age_years"]
    assert [each.violated for each in found] == [True, True, True, False]
    assert found[1].words.startswith("'MANUFACTURER Q' in 8.1% of the cases")


def test_values_of_few_cases_are_one_bar_and_their_share_is_told_together() -> None:
    sender = next(each for each in compared_columns(statistics(), (), BASELINE_CASES) if each.feature == "sender")
    assert "MANUFACTURER R" not in {bar.label for bar in sender.bars}  # two cases
    assert sender.bars[0].label == "MANUFACTURER Q" and sender.bars[0].baseline == 0
    assert (sender.bars[-1].label, round(sender.bars[-1].window or 0, 4)) == (GROUPED, 0.512)


def test_ranges_of_numbers_keep_their_order() -> None:
    age = next(each for each in compared_columns(statistics(), (), BASELINE_CASES) if each.feature == "age_years")
    assert [bar.label for bar in age.bars] == ["up to 17", "17 to 44", "44 to 64", "64 to 79", "above 79"]


def test_a_value_that_went_away_is_shown_and_one_that_hardly_was_there_is_not() -> None:
    bars = compared_columns(document({"gone": (300, 0), "rare": (2, 0), "stays": (300, 300)}), (), 602)[0].bars
    assert {bar.label for bar in bars} == {"gone", "stays", GROUPED}
    assert bars[-1].baseline is None  # two cases


COUNTS = st.dictionaries(
    st.text(st.characters(categories=["L"]), min_size=1, max_size=6),
    st.tuples(st.integers(0, 400), st.integers(0, 400)),
    min_size=1,
    max_size=25,
)


@given(counts=COUNTS, numbers=st.booleans())
def test_no_share_of_few_cases_is_ever_given_by_itself(counts: dict[str, tuple[int, int]], numbers: bool) -> None:
    before, now = (sum(each[side] for each in counts.values()) for side in (0, 1))
    kind = "numerical_statistics" if numbers else "string_statistics"
    if not before or not now:
        return
    bars = compared_columns(document(counts, kind), (), before)[0].bars
    assert len(bars) <= VALUES_SHOWN + 1
    for bar in bars:
        for share, cases in ((bar.baseline, before), (bar.window, now)):
            assert share is None or share == 0 or round(share * cases) >= SMALLEST_COUNT
    for bar in bars:
        if bar.label in counts and bar.window is not None:
            assert bar.window == pytest.approx(counts[bar.label][1] / now)


def test_the_ranking_has_both_places_and_shares() -> None:
    found = {row.feature: row for row in ranking_of(attribution())}
    assert (found["age_years"].window_rank, found["age_years"].baseline_rank) == (1, 2)
    assert (found["sex=F"].window_rank, found["sex=F"].baseline_rank, found["sex=F"].baseline_share) == (4, None, None)
    assert found["age_years"].window_share == pytest.approx(0.201 / TOTALS["window"])  # of all columns, listed or not


@given(
    st.dictionaries(st.text(max_size=3), st.floats(0, 9), max_size=30),
    st.dictionaries(st.text(max_size=3), st.floats(0, 9), max_size=30),
)
def test_the_strongest_of_either_side_are_shown_once(before: dict[str, float], now: dict[str, float]) -> None:
    rows = ranked(before, now, (sum(before.values()), sum(now.values())), most=10)
    names = [row.feature for row in rows]
    assert len(names) == len(set(names)) <= 20
    for row in rows:
        assert min(row.window_rank or 99, row.baseline_rank or 99) <= 10


def test_the_baselines_bias_is_named_as_windows_name_theirs() -> None:
    assert bias_figures(bias_baseline()) == BIAS


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (lambda found: compared_columns(found, (), 10), {}),
        (lambda found: compared_columns(found, (), 10), {"features": [], "vigil": {"compared": {"a": {"labels": []}}}}),
        (lambda found: compared_columns(found, (), 10), {"features": [], "vigil": []}),
        (lambda found: compared_columns(found, (), 10), document({"a": (1, 1)}) | {"features": [{"name": "column"}]}),
        (ranking_of, {"vigil": {"ranking": {"baseline": []}}}),
        (ranking_of, {"vigil": {"ranking": {"baseline": [["a"]], "window": []}}}),
        (bias_figures, {"post_training_bias_metrics": {"facets": {"sex": [{"metrics": []}]}}} | {"version": "1.0"}),
        (bias_figures, {"post_training_bias_metrics": {"facets": {"sex": [{"metrics": [{"name": "DPPL"}]}]}}}),
        (bias_figures, {}),
    ],
    ids=lambda value: "" if callable(value) else str(value)[:30],
)  # fmt: skip
def test_a_file_that_is_not_as_it_should_be_is_said_to_be_so(read: Any, content: dict[str, Any]) -> None:
    if read is bias_figures and "version" in content:
        assert read(content) == {}
        return
    with pytest.raises(WindowFileError, match="not as the monitor writes"):
        read(content)
