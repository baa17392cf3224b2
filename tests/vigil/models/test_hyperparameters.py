from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_cases import quick_plan

from vigil.models.hyperparameters import HyperparameterError, Hyperparameters, parse_hyperparameters

BOUNDS = quick_plan().hyperparameters


def test_the_plan_bounds_every_hyperparameter_and_no_other() -> None:
    assert set(BOUNDS) == {field.name for field in fields(Hyperparameters)}


def test_the_plans_kind_is_the_codes_type() -> None:
    assert {name: bounds.kind for name, bounds in BOUNDS.items()} == {
        field.name: field.type for field in fields(Hyperparameters)
    }


def test_what_is_not_given_is_the_plans_default() -> None:
    chosen = parse_hyperparameters({"trees": "100"}, BOUNDS)
    assert chosen.trees == 100
    assert chosen.members == BOUNDS["members"].default


def test_they_survive_being_written_as_text() -> None:
    chosen = parse_hyperparameters({"learning_rate": "0.03"}, BOUNDS)
    assert parse_hyperparameters(chosen.to_text(), BOUNDS) == chosen


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("trees", "lots", "not a whole number"),
        ("trees", "100.5", "not a whole number"),
        ("trees", "1000000", "not within the plan's"),
        ("learning_rate", "nan", "not within the plan's"),
        ("learning_rate", "inf", "not within the plan's"),
        ("learning_rate", "", "not a number"),
        ("tree_count", "100", "unknown"),
    ],
)
def test_an_error_names_the_hyperparameter(name: str, text: str, problem: str) -> None:
    with pytest.raises(HyperparameterError, match=rf"{name}: .*{problem}"):
        parse_hyperparameters({name: text}, BOUNDS)


@given(st.dictionaries(st.sampled_from([*BOUNDS, "other"]), st.text(max_size=6)))
def test_any_text_gives_values_within_the_bounds_or_an_error(raw: dict[str, str]) -> None:
    try:
        chosen = parse_hyperparameters(raw, BOUNDS)
    except HyperparameterError:
        return
    assert all(bounds.minimum <= getattr(chosen, name) <= bounds.maximum for name, bounds in BOUNDS.items())
