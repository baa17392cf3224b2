from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vigil.cases.curation import CURATED_SCHEMA
from vigil.datasets.split import SPLIT_FILES, SplitError, SplitSettings, split_cases, split_of

SETTINGS = SplitSettings()


def curated(path, quarters):
    rows = [{"case_id": n, "quarter": quarter, "serious": False} for n, quarter in enumerate(quarters)]
    pq.write_table(pa.Table.from_pylist(rows, schema=CURATED_SCHEMA), path)
    return path


def test_the_newest_quarter_is_kept_for_the_out_of_time_test(tmp_path):
    path = curated(tmp_path / "c.parquet", ["2023Q1", "2023Q2", "2022Q4"] * 200)
    counts = split_cases(path, ["2022Q4", "2023Q1", "2023Q2"], SETTINGS, tmp_path / "out")
    assert counts["test_next"] == 200 and sum(counts.values()) == 600
    assert set(pq.read_table(tmp_path / "out/test_next.parquet")["quarter"].to_pylist()) == {"2023Q2"}
    assert "2023Q2" not in pq.read_table(tmp_path / "out/train.parquet")["quarter"].to_pylist()


def test_no_case_is_in_two_splits_and_none_is_lost(tmp_path):
    path = curated(tmp_path / "c.parquet", ["2023Q1", "2023Q2"] * 300)
    split_cases(path, ["2023Q1", "2023Q2"], SETTINGS, tmp_path / "out")
    ids = [pq.read_table(tmp_path / "out" / file)["case_id"].to_pylist() for file in SPLIT_FILES.values()]
    assert sorted(case for split in ids for case in split) == list(range(600))


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
        split_cases(curated(tmp_path / "c.parquet", ["2023Q1"]), ["2023Q1"], SETTINGS, tmp_path / "out")


def test_an_empty_split_is_an_error(tmp_path):
    with pytest.raises(SplitError, match="no case falls into"):
        split_cases(curated(tmp_path / "c.parquet", ["2023Q2"] * 9), ["2023Q1", "2023Q2"], SETTINGS, tmp_path / "out")


def test_shares_must_sum_to_one():
    with pytest.raises(ValidationError, match="must sum to 1"):
        SplitSettings(train=0.9)
