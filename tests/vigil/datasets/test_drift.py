from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from vigil.datasets.drift import compare
from vigil.datasets.models import DatasetProfile, Distribution


def profile(missing=0.0, **shares):
    found = Distribution(kind="category", missing=missing, shares=tuple(shares.items()))
    return DatasetProfile(rows=100, columns={"sex": found}, quarters={})


def test_the_distance_is_0_for_the_same_and_1_for_nothing_in_common():
    assert compare(profile(F=0.6, M=0.4), profile(M=0.4, F=0.6))["sex"].distance == 0
    assert compare(profile(F=1.0), profile(M=1.0))["sex"].distance == pytest.approx(1)


def test_what_moved_most_comes_first_with_its_shares():
    found = compare(profile(missing=0.1, F=0.6, M=0.4), profile(missing=0.3, F=0.3, M=0.5, X=0.2))["sex"]
    assert [(shift.value, shift.before, shift.after) for shift in found.shifts] == [
        ("F", 0.6, 0.3),
        ("X", 0.0, 0.2),
        ("M", 0.4, 0.5),
    ]
    assert found.missing == pytest.approx(0.2)


def test_a_column_without_values_on_one_side_is_told_by_its_missing_share():
    found = compare(profile(F=1.0), profile(missing=1.0))["sex"]
    assert (found.distance, found.missing) == (0.0, 1.0)


def test_only_columns_that_both_have_are_compared():
    assert compare(profile(F=1.0), DatasetProfile(rows=0, columns={}, quarters={})) == {}


shares = st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 1), min_size=1)


@given(shares, shares)
def test_it_is_a_distance(old, new):
    there, back = compare(profile(**old), profile(**new))["sex"], compare(profile(**new), profile(**old))["sex"]
    assert there.distance == back.distance
    assert 0 <= there.distance <= 1


@given(shares, shares)
def test_the_distance_is_the_one_that_scipy_gives(old, new):
    theirs = jensenshannon(*([each.get(value, 0.0) for value in "abcd"] for each in (old, new)), base=2)
    assert compare(profile(**old), profile(**new))["sex"].distance == pytest.approx(theirs, abs=1e-6)
