"""Curation: one quarter's staged tables become one row for each of its cases, as one Ibis expression.

It uses only what DuckDB and Spark both have and read alike, so either can run it. The rules:

- *Versions.* A case's newest version is kept, in the quarter here and over all quarters by ``vigil.datasets.history``:
  latest ``fda_dt`` (no calendar day comes last), then numerically highest ``primaryid`` (FDA's FAQ 29), then newest
  quarter and first line, so that exact repeats have one answer. The order is total: the newest of each quarter's newest
  versions is the newest of all.
- *Deletions.* A case on the archive's list of deleted cases is removed.
- *Units.* Age in years, weight in kilograms. A number without a known unit, or beyond what a person can have, is null.
- *Dates.* ISO text. A partial event date (``2003``, ``201507``) is null, for half of a date cannot be compared; so is
  one that is no calendar day, is before 1900 or is after the report was received. The case itself is kept.
- *Text.* Blanks trimmed and collapsed; blank is null. Terms in lists are lower case, distinct and sorted.
- *Label.* ``serious`` is true when the kept version has any OUTC row. FDA writes no such row for a non-serious case.
- *Provenance.* ``source_archive``, ``source_table`` and ``source_line`` lead to the DEMO line that FDA published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
from ibis import _

from vigil.cases.schema import CURATED_SCHEMA

YEARS_BY_AGE_UNIT = {"DEC": 10.0, "YR": 1.0, "MON": 1 / 12, "WK": 7 / 365.25, "DY": 1 / 365.25, "HR": 1 / 8766}
KILOGRAMS_BY_WEIGHT_UNIT = {"KG": 1.0, "LBS": 0.45359237, "GMS": 0.001}
OLDEST_YEARS, HEAVIEST_KG = 150.0, 700.0  # the bounds of CaseReport
EARLIEST_EVENT = "1900-01-01"
SUSPECT_ROLES = ["PS", "SS"]  # primary and secondary suspect; interacting and concomitant drugs are in `drugs` only
SEXES = ["F", "M"]
NO_COUNTRY = "COUNTRY NOT SPECIFIED"
# What both engines read as the same number: their own casts differ ("5d" is a number to Java, "1_0" to DuckDB).
PLAIN_NUMBER = r"^[0-9]{1,15}([.][0-9]{0,15})?$"
DAY = r"^[12][0-9]{7}$"
# Blanks are spaces and tabs: the parser lets no other control character through. Two letters have no lower case that
# both engines agree on: a capital sigma's depends on its place in the word, and that of a dotted I is two characters.
UNEVEN = "\t|  |^ | $|[\u0130\u03a3]"
BLANKS = "[ \t]+"


@dataclass(frozen=True)
class StagedTables:
    """Ibis tables over the staged files of one archive, with the columns of ``vigil.cases.stage``."""

    demo: Any
    drug: Any
    reac: Any
    outc: Any
    indi: Any
    deleted: Any
    countries: Any


def curate(tables: StagedTables, archive: str, quarter: str) -> Any:
    """The curated cases of ``archive``, in order of ``case_id``, with the columns of ``CURATED_SCHEMA``."""
    cases = _newest_versions(tables.demo).anti_join(tables.deleted, "case_id")
    for lists in (
        _terms(tables.reac, "pt", "reactions"),
        _drugs(tables.drug),
        _terms(tables.indi, "indi_pt", "indications"),
        _outcomes(tables.outc),
    ):
        cases = cases.left_join(lists, "primaryid").drop("primaryid_right")
    for column in ("reporter_country", "occr_country"):
        cases = _with_country_codes(cases, column, tables.countries)
    return cases.select(**_columns(cases, archive, quarter)).cast(_ibis_schema()).order_by("case_id")


def newest_first(versions: Any) -> list[Any]:
    """How the versions of one case are ordered: by these columns, the version to keep first."""
    return [
        versions.received_date.desc(nulls_first=False),
        versions.primary_id.desc(),
        versions.quarter.desc(),
        versions.source_line.asc(),
    ]


def newest_of_each_case(versions: Any) -> Any:
    """Of ``versions`` (with ``case_id`` and the columns of ``newest_first``) the one to keep of each case."""
    rank = ibis.row_number().over(ibis.window(group_by="case_id", order_by=newest_first(_)))
    return versions.mutate(rank=rank).filter(_["rank"] == 0).drop("rank")


def _newest_versions(demo: Any) -> Any:
    versions = demo.mutate(
        case_id=_.caseid,
        primary_id=_.primaryid,
        quarter=ibis.literal(""),  # one archive's versions are of one quarter
        received_date=_day(_.fda_dt),
    )
    return newest_of_each_case(versions).drop("quarter")


def _terms(table: Any, column: str, name: str) -> Any:
    """Distinct sorted lower-case texts of ``column`` for each report."""
    terms = table.select("primaryid", term=_clean(table[column]).lower())
    terms = terms.filter(_.term.notnull()).distinct()
    return terms.group_by("primaryid").aggregate(**{name: _.term.collect().sort()})


def _drugs(table: Any) -> Any:
    """As ``_terms``, all drugs and the suspect ones in one pass: DRUG is the largest table."""
    suspect = _code(table.role_cod).isin(SUSPECT_ROLES).fill_null(False)
    names = table.select("primaryid", term=_clean(table.drugname).lower(), suspect=suspect)
    distinct = names.filter(_.term.notnull()).group_by(["primaryid", "term"]).aggregate(suspect=_.suspect.any())
    return distinct.group_by("primaryid").aggregate(
        drugs=_.term.collect().sort(), suspect_drugs=_.term.collect(where=_.suspect).sort()
    )


def _with_country_codes(cases: Any, column: str, countries: Any) -> Any:
    """Two letters where FDA wrote a country's name; any other code as it stands."""
    cases = cases.mutate(**{column: _code(cases[column]).nullif(NO_COUNTRY)})
    names = countries.select(country_name=_.name, country_code=_.code)
    found = cases.left_join(names, cases[column] == names.country_name)
    return found.mutate(**{column: ibis.coalesce(found.country_code, found[column])}).drop(
        "country_name", "country_code"
    )


def _outcomes(outc: Any) -> Any:
    codes = outc.select("primaryid", code=_code(outc.outc_cod)).distinct()
    return codes.group_by("primaryid").aggregate(
        outcomes=_.code.collect(where=_.code.notnull()).sort(), outcome_rows=_.count()
    )


def _columns(cases: Any, archive: str, quarter: str) -> dict[str, Any]:
    empty = ibis.literal([], type="array<string>")
    lists = ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")
    return {
        "case_id": cases.case_id,
        "primary_id": cases.primary_id,
        "case_version": cases.caseversion.try_cast("int32"),
        "quarter": ibis.literal(quarter),
        "received_date": cases.received_date,
        "initial_received_date": _day(cases.init_fda_dt),
        "event_date": _within(_day(cases.event_dt), EARLIEST_EVENT, cases.received_date),
        "age_years": _measure(cases.age, cases.age_cod, YEARS_BY_AGE_UNIT, 0.0, OLDEST_YEARS),
        "weight_kg": _weight(cases),
        "sex": _only(_code(cases.sex), SEXES),
        "reporter_country": cases.reporter_country,
        "occurrence_country": cases.occr_country,
        "reporter_occupation": _code(cases.occp_cod),
        "report_code": _code(cases.rept_cod),
        "initial_or_followup": _code(cases.i_f_code),
        "sender": _clean(cases.mfr_sndr),
        "literature_reference": _clean(cases.lit_ref),
        "authority_number": _clean(cases.auth_num),
        **{name: cases[name].fill_null(empty) for name in lists},
        "serious": cases.outcome_rows.fill_null(0) > 0,
        "source_archive": ibis.literal(archive),
        "source_table": ibis.literal("DEMO"),
        "source_line": cases.source_line,
    }


def _clean(text: Any) -> Any:
    # Not strip(): on Spark, Ibis 12 strips the letters f and v too, for it does not escape its form feed and tab there.
    even = text.re_replace(BLANKS, " ").re_replace("^ | $", "").replace("\u0130", "i").replace("\u03a3", "\u03c3")
    return ibis.ifelse(text.re_search(UNEVEN), even, text).nullif("")  # few texts need it


def _code(text: Any) -> Any:
    """Upper case. What is not ASCII is no code and stays: engines differ on the upper case of a few letters."""
    clean = _clean(text)
    return ibis.ifelse(clean.re_search("[^ -~]"), clean, clean.upper())


def _only(code: Any, allowed: list[str]) -> Any:
    return ibis.ifelse(code.isin(allowed), code, ibis.null("string"))


def _within(value: Any, low: Any, high: Any) -> Any:
    return ibis.ifelse((value >= low) & (value <= high), value, ibis.null(value.type()))


def _day(text: Any) -> Any:
    """ISO date of ``YYYYMMDD``; null for anything else, a partial date or 30 February included."""
    iso = ibis.ifelse(
        text.re_search(DAY),
        text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2),
        ibis.null("string"),
    )
    return iso.try_cast("date").cast("string")


def _measure(text: Any, unit: Any, factors: dict[str, float], low: float, high: float) -> Any:
    factor = _code(unit).cases(*factors.items(), else_=ibis.null("float64"))
    number = _clean(text)
    plain = ibis.ifelse(number.re_search(PLAIN_NUMBER), number, ibis.null("string"))
    return _within(plain.try_cast("float64") * factor, low, high)


def _weight(cases: Any) -> Any:
    kilograms = _measure(cases.wt, cases.wt_cod, KILOGRAMS_BY_WEIGHT_UNIT, 0.0, HEAVIEST_KG)
    return kilograms.nullif(0.0)  # written where no weight is known


def _ibis_schema() -> Any:
    return ibis.Schema.from_pyarrow(CURATED_SCHEMA)
