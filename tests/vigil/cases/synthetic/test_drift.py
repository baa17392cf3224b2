"""Each drift moves what it says, from its quarter on, and leaves the quarters before as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vigil.cases.archive import open_archive
from vigil.cases.parse import parse_table
from vigil.cases.quarter import Quarter, quarter_range
from vigil.cases.synthetic.drift import SCENARIOS, DriftError, parse_drift
from vigil.cases.synthetic.generate import WrittenQuarter, generate

REPORTS = 3_000
QUARTERS = quarter_range("2024Q1:2024Q2")
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def read(item: WrittenQuarter) -> Tables:
    with open_archive(item.path) as archive:
        return {
            table: [row for block in parse_table(archive, table) for row in block.rows.to_pylist()]
            for table in ("DEMO", "DRUG", "REAC", "OUTC")
        }


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return generate(QUARTERS, REPORTS, 7, tmp_path_factory.mktemp("plain"))


def share(table: str, column: str, *values: str) -> Callable[[Tables], float]:
    return lambda tables: sum(row[column] in values for row in tables[table]) / len(tables[table])


def serious(tables: Tables) -> float:
    return len({row["primaryid"] for row in tables["OUTC"]}) / len(tables["DEMO"])


def recoded(tables: Tables) -> float:
    return sum(row["pt"].endswith("(recoded)") for row in tables["REAC"]) / len(tables["REAC"])


def old_events(tables: Tables) -> float:
    return sum(0 < int(row["event_dt"][:4] or 0) <= 2020 for row in tables["DEMO"]) / len(tables["DEMO"])


# What moves, by how much at least (negative: falls), and what does not move.
EXPECTED = {
    "sender-batch": (share("DEMO", "mfr_sndr", "SANOFI AVENTIS"), 0.05, share("DEMO", "sex", "")),
    "lawyer-batch": (share("DEMO", "occp_cod", "LW"), 0.03, share("DRUG", "role_cod", "DN")),
    "occupation-blank": (share("DEMO", "occp_cod", ""), 0.08, serious),
    "country-recode": (share("DEMO", "reporter_country", "EU"), -0.05, serious),
    "report-codes": (share("DEMO", "rept_cod", "30DAY", "5DAY"), 0.02, share("DEMO", "sex", "")),
    "role-dn": (share("DRUG", "role_cod", "DN"), 0.005, serious),
    "route-synonyms": (share("DRUG", "route", "Oral use", "Subcutaneous use"), 0.15, serious),
    "country-codes": (share("DEMO", "reporter_country", "UNITED STATES"), 0.5, serious),
    "sex-null": (share("DEMO", "sex", ""), 0.05, serious),
    "serious-rate": (serious, 0.04, share("DRUG", "role_cod", "DN")),
    "term-recoding": (recoded, 0.08, serious),
    "lag-backlog": (old_events, 0.02, share("DEMO", "sex", "")),
}


def test_there_are_at_least_ten_and_each_is_looked_at():
    assert set(EXPECTED) == set(SCENARIOS)
    assert len(SCENARIOS) >= 10


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_moves_what_it_says_in_its_quarter_only(name, plain, tmp_path):
    drift = parse_drift(name, QUARTERS[-1])
    drifted = generate(QUARTERS, REPORTS, 7, tmp_path, [drift])
    assert drifted[0].path.read_bytes() == plain[0].path.read_bytes()
    before, after = read(plain[1]), read(drifted[1])
    moves, least, stays = EXPECTED[name]
    change = moves(after) - moves(before)
    assert change * (1 if least > 0 else -1) >= abs(least)
    assert stays(after) == pytest.approx(stays(before), abs=0.03)


def test_it_may_begin_in_an_earlier_quarter(plain, tmp_path):
    drifted = generate(QUARTERS, REPORTS, 7, tmp_path, [parse_drift("sex-null@2024Q1", QUARTERS[-1])])
    for item, before in zip(drifted, plain, strict=True):
        assert share("DEMO", "sex", "")(read(item)) > share("DEMO", "sex", "")(read(before)) + 0.04


def test_a_name_with_a_quarter_is_read():
    drift = parse_drift("role-dn@2024Q4", Quarter(2025, 1))
    assert (drift.name, str(drift.since)) == ("role-dn", "2024Q4")


@pytest.mark.parametrize("text", ["weather", "", "sex-null@soon"])
def test_what_is_no_drift_is_refused(text):
    with pytest.raises(DriftError):
        parse_drift(text, Quarter(2025, 1))
