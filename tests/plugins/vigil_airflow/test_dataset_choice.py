from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vigil_airflow.dataset_choice import DatasetChoiceError, choose, is_news

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = "a" * 64, "b" * 64, "c" * 64


@dataclass
class Event:
    timestamp: datetime
    extra: dict[str, Any]


def event(version: str, minute: int) -> Event:
    return Event(START + timedelta(minutes=minute), {"version": version})


def test_the_newest_of_all_triggering_events_is_taken_and_the_others_are_superseded() -> None:
    choice = choose([event(B, 2), event(C, 3), event(A, 1)], {}, "faers-dataset")
    assert choice.request["dataset_version"] == C
    assert choice.superseded == (B, A)
    assert choice.request["requested_by"] == "airflow:faers-dataset"


def test_the_person_who_had_the_newest_version_built_is_the_one_who_asks() -> None:
    older, newer = event(A, 1), event(B, 2)
    older.extra["requested_by"], newer.extra["requested_by"] = "joe", "jane"
    assert choose([newer, older], {}, "faers-dataset").request["requested_by"] == "airflow:jane"
    newer.extra["requested_by"] = None
    assert choose([newer, older], {}, "faers-dataset").request["requested_by"] == "airflow:faers-dataset"


def test_the_reason_of_the_newest_release_is_why_to_train() -> None:
    older, newer = event(A, 1), event(B, 2)
    older.extra["reason"] = "drift decision 1"
    assert choose([newer, older], {}, "faers-dataset").request["reason"] == "a new dataset version was released"
    newer.extra |= {"reason": "drift decision 2", "requested_by": "drift:2"}
    request = choose([newer, older], {}, "faers-dataset").request
    assert (request["reason"], request["requested_by"]) == ("drift decision 2", "airflow:drift:2")


def test_a_version_that_came_twice_is_not_superseded_by_itself() -> None:
    choice = choose([event(A, 1), event(B, 2), event(A, 3)], {}, "faers-dataset")
    assert choice.request["dataset_version"] == A
    assert choice.superseded == (B,)


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 10)), min_size=1))
def test_every_version_is_either_taken_or_superseded_and_never_both(pairs: list[tuple[str, int]]) -> None:
    choice = choose([event(version, minute) for version, minute in pairs], {}, "faers-dataset")
    taken = choice.request["dataset_version"]
    assert taken not in choice.superseded
    assert {taken, *choice.superseded} == {version for version, _ in pairs}
    assert len(set(choice.superseded)) == len(choice.superseded)


def test_without_events_the_form_decides_and_the_person_is_named() -> None:
    params = {"dataset_version": A, "reason": " drift ", "hyperparameters": {"max_depth": 4}}
    choice = choose([], params, "jane")
    assert choice.request == {
        "dataset_version": A,
        "requested_by": "airflow:jane",
        "reason": "drift",
        "hyperparameters": {"max_depth": "4"},
    }
    assert choice.superseded == ()


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"dataset_version": None, "reason": "drift"}, "dataset_version"),
        ({"dataset_version": A, "reason": None}, "reason"),
        ({"dataset_version": A, "reason": "  "}, "reason"),
    ],
)
def test_an_incomplete_form_is_refused_with_the_field_to_fill_in(params: dict[str, Any], word: str) -> None:
    with pytest.raises(DatasetChoiceError, match=word):
        choose([], params, "jane")


def test_a_new_version_is_news_and_an_unchanged_one_is_not() -> None:
    assert is_news(A, already_released=False, try_number=1, announced=[])
    assert not is_news(A, already_released=True, try_number=1, announced=[])
    assert not is_news(A, already_released=True, try_number=3, announced=[B, A])


def test_a_version_that_a_dead_try_released_without_announcing_it_is_news() -> None:
    assert is_news(A, already_released=True, try_number=2, announced=[B, None])
