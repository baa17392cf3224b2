"""Sketches: mergeable, deterministic, bounded. Errors are those that the sketches' makers state."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observed_cases import drawn

from vigil.monitoring.distributions import decile_edges
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import Profile
from vigil.monitoring.statistics_file import profile_of, statistics_of
from vigil.monitoring.values import LONGEST_VALUE, ValuesProfile

WHOLE = drawn(1500, 5)
RANK_ERROR = 0.005  # what a digest of COMPRESSION may be off by


def _numbers(profile: Profile, name: str) -> NumberProfile:
    column = profile.columns[name]
    assert isinstance(column, NumberProfile)
    return column


def _values(profile: Profile, name: str) -> ValuesProfile:
    column = profile.columns[name]
    assert isinstance(column, ValuesProfile)
    return column


def _same(merged: Profile, whole: Profile) -> None:
    assert merged.rows == whole.rows
    assert list(merged.columns) == list(whole.columns)
    for name, column in whole.columns.items():
        other = merged.columns[name]
        assert (other.present, other.missing, other.mistyped) == (column.present, column.missing, column.mistyped)
        if isinstance(column, ValuesProfile):
            assert len(_values(merged, name).counts) == len(column.counts)  # no file has the texts of rare ones
            assert {value: _values(merged, name).count(value) for value in column.counts} == column.counts
            assert _values(merged, name).distinct == column.distinct
        else:
            theirs = _numbers(merged, name)
            assert theirs.mean == pytest.approx(column.mean, rel=1e-12)
            assert theirs.deviation == pytest.approx(column.deviation, rel=1e-9)
            assert theirs.bounds == column.bounds
            edges = decile_edges(column)
            assert np.abs(np.cumsum(theirs.shares(edges)) - np.cumsum(column.shares(edges))).max() <= 2 * RANK_ERROR


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 1499), max_size=6), st.randoms(use_true_random=False))
def test_merged_parts_in_any_order_are_the_whole(cuts: list[int], random) -> None:  # type: ignore[no-untyped-def]
    ends = [0, *sorted(set(cuts)), 1500]
    parts = [Profile.of([WHOLE.slice(start, end - start)]) for start, end in pairwise(ends)]
    random.shuffle(parts)
    merged = Profile()
    for part in parts:
        merged.merge(part)
    _same(merged, Profile.of([WHOLE]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 299))
def test_moments_of_any_numbers_do_not_depend_on_how_they_are_cut(numbers: list[float], cut: int) -> None:
    parts = NumberProfile(), NumberProfile()
    for part, taken in zip(parts, (numbers[:cut], numbers[cut:]), strict=True):
        part.update(pa.array(taken, pa.float64()))
    parts[0].merge(parts[1])
    assert parts[0].mean == pytest.approx(float(np.mean(numbers)), abs=1e-6)
    assert parts[0].deviation == pytest.approx(float(np.std(numbers)), abs=1e-3)
    assert parts[0].bounds == (min(numbers), max(numbers))


def test_shares_of_a_million_numbers_with_many_ties_are_within_the_stated_error() -> None:
    numbers = np.round(np.random.default_rng(1).normal(60, 15, 1_000_000))
    column = NumberProfile()
    for part in np.array_split(numbers, 20):
        column.update(pa.array(part))
    edges = [20.5, 40.5, 55.5, 60.5, 65.5, 80.5]
    exact = [float((numbers < edge).mean()) for edge in edges]
    assert np.abs(np.cumsum(column.shares(edges))[:-1] - exact).max() <= RANK_ERROR


def test_the_same_tables_give_the_same_bytes_in_another_process_too() -> None:
    program = (
        "import json, hashlib; from observed_cases import drawn; from vigil.monitoring.profile import Profile;"
        "from vigil.monitoring.statistics_file import statistics_of;"
        "print(hashlib.sha256(json.dumps(statistics_of(Profile.of([drawn(3000, 8)]))).encode()).hexdigest())"
    )
    paths = [str(Path(__file__).parents[3]), str(Path(__file__).parents[2] / "support")]
    program = f"import sys; sys.path[:0] = {paths!r}; {program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    here = hashlib.sha256(json.dumps(statistics_of(Profile.of([drawn(3000, 8)]))).encode()).hexdigest()
    assert done.stdout.strip() == here


def test_values_in_another_order_give_the_same_bytes_while_they_fit() -> None:
    parts = [WHOLE.slice(0, 700).select(["drugs"]), WHOLE.slice(700).select(["drugs"])]
    sketches = [_values(Profile.of(order), "drugs").canonical_sketch() for order in (parts, parts[::-1])]
    assert sketches[0] == sketches[1]


def test_the_size_does_not_grow_with_rows_nor_with_hostile_vocabularies() -> None:
    profile = Profile()
    for start in range(0, 120_000, 20_000):
        names = [f"{'x' * 40} {number}" for number in range(start, start + 20_000)]
        profile.update(pa.table({"sex": names, "age_years": [float(number) for number in range(20_000)]}))
    assert len(json.dumps(statistics_of(profile))) < 200_000
    sex = _values(profile, "sex")
    assert sex.error > 0
    assert len(sex.counts) <= 768
    assert sex.distinct == pytest.approx(120_000, rel=0.05)


def test_a_frequent_value_is_counted_within_the_stated_error_among_more_values_than_fit() -> None:
    column = ValuesProfile(10)
    for start in range(0, 20_000, 1000):
        column.update(pa.array([*["often"] * 500, *[f"rare {number}" for number in range(start, start + 1000)]]))
    assert 10_000 <= column.counts["often"] <= 10_000 + column.error
    assert column.error <= column.sketch.epsilon * column.occurrences


def test_long_texts_are_cut_and_blank_ones_are_missing() -> None:
    column = ValuesProfile(10)
    column.update(pa.array(["a" * 5000, " ", "", None, " b "]))
    assert column.counts == {"a" * LONGEST_VALUE: 1, "b": 1}
    assert (column.present, column.missing) == (2, 3)


def test_cells_of_another_type_are_counted_not_dropped() -> None:
    column = NumberProfile()
    column.update(pa.array(["12", " 7.5", "unknown", "", None, "1e3"]))
    column.update(pa.array([1.0, float("inf"), float("nan")]))
    assert (column.present, column.missing, column.mistyped) == (4, 3, 2)
    texts = ValuesProfile(10)
    texts.update(pa.array([1, 2, None]))
    assert (texts.present, texts.missing, texts.mistyped) == (0, 1, 2)


def test_what_the_next_values_will_bring_is_foreseen_by_good_and_turing() -> None:
    tables = [drawn(4000, seed) for seed in (31, 32)]
    first, second = (_values(Profile.of([table]), "reactions") for table in tables)
    unknown = sum(count for value, count in second.counts.items() if value not in first.counts)
    assert first.unseen_share == pytest.approx(unknown / second.occurrences, abs=0.005)


def test_a_profile_read_from_its_statistics_goes_on_as_if_it_had_never_been_written() -> None:
    read = profile_of(json.loads(json.dumps(statistics_of(Profile.of([WHOLE.slice(0, 800)])))))
    read.update(WHOLE.slice(800))
    _same(read, Profile.of([WHOLE]))
