from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.cases.schema import CURATED_SCHEMA
from vigil.datasets.diff import diff_versions
from vigil.datasets.models import PROFILE_FILE
from vigil.datasets.profiling import profile_dataset
from vigil.datasets.records import write_record
from vigil.datasets.split_settings import SPLIT_FILES, SPLITS

LISTS = ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")


def version(folder, cases, schema=CURATED_SCHEMA):
    """``cases`` maps a case id to its split and the values that matter."""
    for split, file in SPLIT_FILES.items():
        rows = [
            {"case_id": number, "quarter": "2023Q1", "serious": False, **{name: [] for name in LISTS}, **values}
            for number, (where, values) in sorted(cases.items())
            if where == split
        ]
        (folder / file).parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / file)
    write_record(folder / PROFILE_FILE, profile_dataset(folder, folder / "spill"))
    return folder


BEFORE = {
    1: ("train", {"sex": "F"}),
    2: ("train", {"sex": None}),
    3: ("test", {"reactions": ["pain"]}),
    9: ("test", {}),
}
AFTER = {
    1: ("train", {"sex": "F"}),
    2: ("test", {"sex": "M"}),
    3: ("test", {"reactions": ["rash"]}),
    4: ("test_next", {}),
}


def test_rows_that_came_went_and_changed_are_counted_where_they_are(tmp_path):
    found = diff_versions(version(tmp_path / "a", BEFORE), version(tmp_path / "b", AFTER), tmp_path / "spill")
    assert (found.came.count, found.came.by_split, found.came.first_ids) == (1, {"test_next": 1}, (4,))
    assert (found.went.count, found.went.by_split, found.went.first_ids) == (1, {"test": 1}, (9,))
    assert (found.changed.count, found.changed.first_ids) == (2, (2, 3))
    assert (found.same, found.moved) == (1, 1)
    assert found.columns == {"sex": 1, "reactions": 1}
    assert found.schema_changes == ()
    assert not found.is_empty


def test_columns_that_came_went_or_have_another_type_are_named(tmp_path):
    fields = [field for field in CURATED_SCHEMA if field.name != "lot"]
    other = pa.schema(
        [pa.field("case_version", pa.string()) if field.name == "case_version" else field for field in fields]
    )
    other = other.remove(other.get_field_index("weight_kg")).append(pa.field("lot", pa.string()))
    before = version(tmp_path / "a", BEFORE)
    version(tmp_path / "b", BEFORE)
    for split, file in SPLIT_FILES.items():
        rows = [{"case_id": n} for n, (where, _) in BEFORE.items() if where == split]
        pq.write_table(pa.Table.from_pylist(rows, schema=other), tmp_path / "b" / file)
    found = diff_versions(before, tmp_path / "b", tmp_path / "spill")
    assert found.schema_changes == (
        "weight_kg is gone",
        "lot is new (string)",
        "case_version was int32, is string",
    )


def test_distributions_tell_what_shifted_most(tmp_path):
    before = version(tmp_path / "a", {n: ("train", {"sex": "FM"[n % 2]}) for n in range(20)})
    after = version(tmp_path / "b", {n: ("train", {"sex": "F" if n < 18 else None}) for n in range(20)})
    drift = diff_versions(before, after, tmp_path / "spill").distributions["sex"]
    assert drift.distance > 0.4
    assert drift.missing == pytest.approx(0.1)
    assert {shift.value for shift in drift.shifts} == {"F", "M"}


cases = st.dictionaries(
    st.integers(1, 12),
    st.tuples(st.sampled_from(SPLITS), st.fixed_dictionaries({"sex": st.sampled_from(["F", "M", None])})),
    max_size=8,
)


@settings(deadline=None, max_examples=15)
@given(cases, cases)
def test_counts_are_those_of_a_plain_comparison(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("diff")
    found = diff_versions(version(folder / "a", before), version(folder / "b", after), folder / "spill")
    both = before.keys() & after.keys()
    assert found.came.count == len(after.keys() - before.keys())
    assert found.went.count == len(before.keys() - after.keys())
    assert found.changed.count == sum(before[case][1] != after[case][1] for case in both)
    assert found.moved == sum(before[case][0] != after[case][0] for case in both)
    assert found.same == len(both) - found.changed.count
    assert found.is_empty == (before == after)
