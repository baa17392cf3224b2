"""Entries and records: what is kept is what will be read again, and nothing that has no JSON form gets in."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from ledger_fakes import ACTOR, entry
from pydantic import ValidationError

from vigil.audit.events import EventName
from vigil.audit.models import LARGEST_VALUE_BYTES, NO_PREDECESSOR, Entry, Record, link, start_of

AT = datetime(2030, 1, 1, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"


def test_a_record_is_sealed_over_all_its_fields_and_names_its_predecessor() -> None:
    first = link(entry(1), start_of("model:run-1"), AT)
    assert (first.sequence, first.previous_hash, first.hash) == (1, NO_PREDECESSOR, first.computed_hash)
    for name in set(Record.model_fields) - {"hash", "format", "event", "actor", "details", "at"}:
        changed = first.model_copy(update={name: 9 if name == "sequence" else "x"})
        assert changed.computed_hash != first.hash, name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((1, 2), [1, 2]), (AT, "2030-01-01T00:00:00Z"), (Colour.RED, "red"), ({1: "a"}, {"1": "a"}),
        (ACTOR, ACTOR.model_dump()),
    ],
)  # fmt: skip
def test_values_are_kept_as_they_will_be_read(given: Any, kept: Any) -> None:
    record = link(entry(1, new=given, details={"value": given}), start_of("model:run-1"), AT)
    assert (record.new, record.details["value"]) == (kept, kept)
    assert Record.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800", object(), "x" * LARGEST_VALUE_BYTES])
def test_what_cannot_be_kept_is_refused_before_anything_is_written(value: Any) -> None:
    for field in ({"new": value}, {"old": [value]}, {"details": {"a": value}}):
        with pytest.raises(ValidationError):
            entry(1, **field)


@pytest.mark.parametrize("chain", ["", "Stack", "key#abc", "a b", "-a", "x" * 129])
def test_a_chain_has_a_name_that_cannot_be_taken_for_anything_else(chain: str) -> None:
    with pytest.raises(ValidationError):
        entry(1, chain)


def test_an_error_shows_nothing_of_what_was_to_be_recorded() -> None:
    with pytest.raises(ValidationError) as caught:
        Entry(chain="stack", event=EventName.PLAN_CHANGED, key="k", actor=ACTOR, subject="s", secret="hunter2")  # type: ignore[call-arg]
    assert "hunter2" not in str(caught.value)
