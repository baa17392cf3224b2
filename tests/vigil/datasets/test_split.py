from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vigil.cases.schema import CURATED_SCHEMA
from vigil.datasets.split import SplitError, split_cases
from vigil.datasets.split_settings import SPLIT_FILES, SplitSettings, split_of

SETTINGS = SplitSettings()


def split(folder, sizes, superseded=()):
    """Split made-up quarters of ``sizes`` cases each, numbered through; all but the ``superseded`` are current."""
    paths, current, first = {}, {}, 0
    for quarter, size in sizes.items():
        ids = range(first, first + size)
        first += size
        rows = [{"case_id": n, "quarter": quarter, "serious": False} for n in ids]
        paths[quarter] = folder / quarter
        paths[quarter].mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=CURATED_SCHEMA), paths[quarter] / "cases.parquet")
        current[quarter] = pa.array([n for n in ids if n not in superseded], pa.int64())
    return split_cases(paths, current, SETTINGS, folder / "out")


def read(folder, name):
    return pq.ParquetFile(folder / "out" / SPLIT_FILES[name]).read()


def test_the_newest_quarter_is_kept_for_the_out_of_time_test(tmp_path):
    counts = split(tmp_path, {"2023Q1": 200, "2023Q2": 200, "2022Q4": 200})
    assert counts["test_next"] == 200 and sum(counts.values()) == 600
    assert set(read(tmp_path, "test_next")["quarter"].to_pylist()) == {"2023Q2"}
    assert "2023Q2" not in read(tmp_path, "train")["quarter"].to_pylist()


def test_no_case_is_in_two_splits_and_none_is_lost(tmp_path):
    split(tmp_path, {"2023Q1": 300, "2023Q2": 300})
    ids = [read(tmp_path, name)["case_id"].to_pylist() for name in SPLIT_FILES]
    assert sorted(case for split in ids for case in split) == list(range(600))


def test_superseded_cases_are_left_behind(tmp_path):
    counts = split(tmp_path, {"2023Q1": 300, "2023Q2": 300}, superseded={1, 2, 3, 301})
    assert (sum(counts.values()), counts["test_next"]) == (596, 299)


def test_rows_are_in_order_of_quarter_and_case(tmp_path):
    split(tmp_path, {"2023Q2": 300, "2023Q1": 300, "2023Q3": 9})
    rows = read(tmp_path, "train").select(["quarter", "case_id"]).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["quarter"], row["case_id"]))


@given(st.integers(0, 10**12))
def test_a_case_stays_in_its_split_whatever_else_is_there(case_id):
    assert split_of(case_id, SETTINGS) == split_of(case_id, SplitSettings())


def test_shares_and_seed_decide():
    counts = Counter(split_of(case_id, SETTINGS) for case_id in range(20_000))
    assert counts["train"] / 20_000 == pytest.approx(0.70, abs=0.01)
    assert counts["validation"] / 20_000 == pytest.approx(0.15, abs=0.01)
    other = SplitSettings(seed=1)
    assert any(split_of(case_id, SETTINGS) != split_of(case_id, other) for case_id in range(100))


def test_one_quarter_cannot_be_split(tmp_path):
    with pytest.raises(SplitError, match="at least one older quarter"):
        split(tmp_path, {"2023Q1": 1})


def test_an_empty_split_is_an_error(tmp_path):
    with pytest.raises(SplitError, match="no case falls into"):
        split(tmp_path, {"2023Q1": 0, "2023Q2": 9})


def test_shares_must_sum_to_one():
    with pytest.raises(ValidationError, match="must sum to 1"):
        SplitSettings(train=0.9)
