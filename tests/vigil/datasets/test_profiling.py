from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vigil.cases.schema import CURATED_SCHEMA
from vigil.datasets.profiling import OTHER, profile_dataset
from vigil.datasets.split_settings import SPLIT_FILES

TERMS_OF_A_CASE = ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")


def case(number, **values):
    lists: dict[str, list[str]] = {name: [] for name in TERMS_OF_A_CASE}
    return {"case_id": number, "quarter": "2023Q1", "serious": False, **lists, **values}


def profiled(folder, cases):
    for index, file in enumerate(SPLIT_FILES.values()):
        (folder / file).parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(cases[index::4], schema=CURATED_SCHEMA), folder / file)
    return profile_dataset(folder, folder / "spill")


def test_numbers_are_binned_in_order_and_the_last_bin_is_open(tmp_path):
    ages = [0.5, 4.9, 5.0, 12.0, 94.9, 95.0, 131.0, None] * 5
    found = profiled(tmp_path, [case(n, age_years=age) for n, age in enumerate(ages)]).columns["age_years"]
    assert found.missing == 0.125
    assert [value for value, _ in found.shares] == ["0-4", "5-9", "10-14", "90-94", "95+"]
    assert dict(found.shares)["0-4"] == pytest.approx(2 / 7, abs=1e-6)


def test_a_bin_of_few_cases_is_counted_with_the_other_rare_ones(tmp_path):
    weights = [70.0] * 20 + [180.0, 12.0]
    found = profiled(tmp_path, [case(n, weight_kg=weight) for n, weight in enumerate(weights)]).columns["weight_kg"]
    assert found.shares == (("70-79", pytest.approx(20 / 22, abs=1e-6)), (OTHER, pytest.approx(2 / 22, abs=1e-6)))


def test_common_values_come_first_and_rare_ones_are_counted_together(tmp_path):
    countries = ["US"] * 10 + ["DE"] * 6 + ["FR"] * 6 + ["VA"] * 4 + [None] * 4
    found = profiled(tmp_path, [case(n, reporter_country=country) for n, country in enumerate(countries)])
    shares = found.columns["reporter_country"].shares
    assert [value for value, _ in shares] == ["US", "DE", "FR", OTHER]
    assert sum(share for _, share in shares) == pytest.approx(1, abs=1e-5)
    assert found.columns["reporter_country"].missing == pytest.approx(4 / 30, abs=1e-6)


def test_a_term_that_few_cases_have_is_never_shown(tmp_path):
    cases = [case(n, reactions=["nausea", f"private term {n}"]) for n in range(8)]
    assert profiled(tmp_path, cases).columns["reactions"].shares == (("nausea", 1.0),)


def test_lists_are_counted_and_long_ones_together(tmp_path):
    cases = [case(n, drugs=[f"drug {m}" for m in range(size)]) for n, size in enumerate((1, 1, 2, 25, 30) * 5)]
    assert profiled(tmp_path, cases).columns["drugs.count"].shares == (("1", 0.4), ("2", 0.2), ("20+", 0.4))


def test_each_quarter_has_its_own_figures(tmp_path):
    cases = [case(n, quarter=f"2023Q{1 + n % 2}", serious=n % 4 == 0, sex="F" if n % 2 else None) for n in range(8)]
    quarters = profiled(tmp_path, cases).quarters
    assert {name: (figures.rows, figures.serious_rate) for name, figures in quarters.items()} == {
        "2023Q1": (4, 0.5),
        "2023Q2": (4, 0.0),
    }
    assert (quarters["2023Q1"].missing["sex"], quarters["2023Q2"].missing["sex"]) == (1.0, 0.0)


def test_the_same_rows_give_the_same_profile_whatever_their_split(tmp_path):
    cases = [case(n, sex="FM"[n % 2], reactions=[f"term {n % 3}"]) for n in range(40)]
    assert profiled(tmp_path / "a", cases) == profiled(tmp_path / "b", list(reversed(cases)))
