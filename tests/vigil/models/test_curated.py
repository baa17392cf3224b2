from pathlib import Path

import pyarrow.parquet as pq
import pytest
from triage_cases import rows, write_split

from vigil.datasets.split_settings import SPLIT_FILES
from vigil.models.curated import CuratedDataError, CuratedSplit


def test_reports_labels_and_subgroups_are_in_the_same_order(tmp_path: Path) -> None:
    cases = rows(60, seed=4)
    write_split(tmp_path, "test", cases)
    split = CuratedSplit(tmp_path, "test")
    groups = split.subgroups()
    assert [report.case_id for report in split] == [str(case["case_id"]) for case in cases]
    assert split.labels().tolist() == [case["serious"] for case in cases]
    for index, report in enumerate(split):
        assert groups["us"][index] == (report.reporter_country == "US")
        assert groups["sex_missing"][index] == (report.sex is None)
        assert groups["age_18_64"][index] == (report.age_years is not None and 18 <= report.age_years < 65)


def test_every_case_is_in_one_subgroup_of_each_kind(tmp_path: Path) -> None:
    write_split(tmp_path, "test", rows(80, seed=5))
    groups = CuratedSplit(tmp_path, "test").subgroups()
    for kind in (("us", "non_us"), ("sex_F", "sex_M", "sex_missing"), [name for name in groups if "age" in name]):
        assert (sum(groups[name].astype(int) for name in kind) == 1).all()


def test_an_unknown_country_counts_as_not_us(tmp_path: Path) -> None:
    write_split(tmp_path, "test", [rows(1, seed=6)[0] | {"reporter_country": None}])
    assert CuratedSplit(tmp_path, "test").subgroups()["non_us"].tolist() == [True]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CuratedDataError, match=r"split=test_next/cases\.parquet is missing"):
        CuratedSplit(tmp_path, "test_next")


def test_missing_columns_are_named(tmp_path: Path) -> None:
    write_split(tmp_path, "test", rows(3, seed=7))
    table = pq.ParquetFile(tmp_path / SPLIT_FILES["test"]).read().drop_columns(["serious", "sex"])
    pq.write_table(table, tmp_path / SPLIT_FILES["test"])
    with pytest.raises(CuratedDataError, match=r"split=test/cases\.parquet: columns missing: sex, serious"):
        CuratedSplit(tmp_path, "test")


def test_a_bad_row_is_named_without_its_values(tmp_path: Path) -> None:
    cases = rows(3, seed=8)
    cases[1]["age_years"] = 431.0
    write_split(tmp_path, "test", cases)
    with pytest.raises(CuratedDataError, match=r"row 2: .*age_years") as error:
        list(CuratedSplit(tmp_path, "test"))
    assert "431" not in str(error.value)


def test_a_case_without_a_label_is_an_error(tmp_path: Path) -> None:
    write_split(tmp_path, "test", [rows(1, seed=9)[0] | {"serious": None}])
    with pytest.raises(CuratedDataError, match="1 rows have no label"):
        CuratedSplit(tmp_path, "test").labels()
