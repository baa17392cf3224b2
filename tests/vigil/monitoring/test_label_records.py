from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.monitoring.label_records import Label, LabelError, read_labels, record, records
from vigil.monitoring.labels import parse_labels

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)
labels = st.builds(Label, inference_id=names, case_id=names, serious=st.booleans())


@given(inference=names, known=st.dictionaries(names, st.booleans(), min_size=1, max_size=5))
def test_what_is_written_is_read_by_the_analyzer(inference: str, known: dict[str, bool]) -> None:
    assert parse_labels(record(inference, known).encode()) == (inference, known)


@given(st.lists(labels, max_size=30))
def test_no_label_is_lost_not_even_a_second_or_a_contradicting_one(given_labels: list[Label]) -> None:
    found = [parse_labels(line.encode()) for line in records(given_labels)]
    told = [(inference, case, serious) for inference, known in filter(None, found) for case, serious in known.items()]
    assert sorted(told) == sorted((one.inference_id, one.case_id, one.serious) for one in given_labels)


@given(st.lists(labels, max_size=30))
def test_of_labels_that_contradict_the_last_comes_last(given_labels: list[Label]) -> None:
    last = {(one.inference_id, one.case_id): one.serious for one in given_labels}
    found: dict[tuple[str, str], bool] = {}
    for line in records(given_labels):
        parsed = parse_labels(line.encode())
        assert parsed is not None
        found |= {(parsed[0], case): serious for case, serious in parsed[1].items()}
    assert found == last


GOOD = {"inference_id": "r", "case_id": "c", "serious": True}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (json.dumps({"inference_id": "r", "case_id": "c"}), "line 2: serious: Field required"),
        (json.dumps(GOOD | {"serious": "yes"}), "line 2: serious: Input should be a valid boolean"),
        (json.dumps(GOOD | {"serious": 1}), "line 2: serious: Input should be a valid boolean"),
        (json.dumps(GOOD | {"case_id": ""}), "line 2: case_id: String should have at least 1 character"),
        (json.dumps(GOOD | {"secret name": 1}), "line 2: an unknown field: Extra inputs are not permitted"),
        ("{", "line 2: the line: Invalid JSON"),
        ("[]", "line 2: the line"),
        ("x" * 5000, "line 2: longer than 4096 characters"),
    ],
)
def test_the_first_bad_line_is_named_with_its_field_and_nothing_of_it(line: str, message: str) -> None:
    with pytest.raises(LabelError) as refused:
        list(read_labels([json.dumps(GOOD), line]))
    assert str(refused.value).startswith(message)
    assert "secret" not in str(refused.value) and "yes" not in str(refused.value)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_text_is_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(LabelError):
        assert all(isinstance(one, Label) for one in read_labels(lines))
