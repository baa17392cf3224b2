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
            for table in archive.files
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
# The only columns that differ, of drifts that leave each report in its place. To RPSR a report without occupation is a
# consumer's; a sender's number begins with the country.
COLUMNS = {
    "occupation-blank": {"DEMO.occp_cod", "RPSR.rpsr_cod"},
    "country-recode": {"DEMO.reporter_country", "DEMO.occr_country", "DEMO.mfr_num"},
    "report-codes": {"DEMO.rept_cod"},
    "role-dn": {"DRUG.role_cod"},
    "route-synonyms": {"DRUG.route"},
    "country-codes": {"DEMO.reporter_country", "DEMO.occr_country"},
    "sex-null": {"DEMO.sex"},
    "term-recoding": {"REAC.pt"},
    "lag-backlog": {"DEMO.event_dt"},
}


def changed_columns(before: Tables, after: Tables) -> set[str]:
    return {
        f"{table}.{column}"
        for table, rows in before.items()
        for old, new in zip(rows, after[table], strict=True)
        for column in old
        if old[column] != new[column]
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
    if name in COLUMNS:
        assert changed_columns(before, after) == COLUMNS[name]


@pytest.mark.parametrize("name, sender", [("sender-batch", "SANOFI AVENTIS"), ("lawyer-batch", "PURDUE")])
def test_a_batch_leaves_the_reports_outside_it_as_they_were(name, sender, plain, tmp_path):
    """Its reports replace others, so that the quarter keeps its size."""
    drifted = generate(QUARTERS, REPORTS, 7, tmp_path, [parse_drift(name, QUARTERS[-1])])
    before, after = read(plain[1]), read(drifted[1])
    outside = {row["primaryid"] for row in after["DEMO"] if row["mfr_sndr"] != sender}
    assert 0.8 * REPORTS < len(outside) < len(after["DEMO"]) == len(before["DEMO"])
    for table, columns in {"REAC": ("primaryid", "pt"), "OUTC": ("primaryid", "outc_cod")}.items():
        kept = [
            [[row[column] for column in columns] for row in tables[table] if row["primaryid"] in outside]
            for tables in (before, after)
        ]
        assert kept[0] == kept[1], table
    batch = {row["primaryid"] for row in after["DEMO"]} - outside
    drugs = {row["primaryid"]: row["drugname"] for row in reversed(after["DRUG"])}
    main = [drugs[report] for report in batch]
    assert max(main.count(drug) for drug in set(main)) > 0.5 * len(batch)


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


def test_a_drift_that_would_begin_after_the_last_quarter_is_refused():
    with pytest.raises(DriftError, match="would begin after 2024Q2"):
        parse_drift("role-dn@2024Q4", Quarter(2024, 2))
