"""Curation: staged FAERS tables become one row for each case, as one Ibis expression.

It uses only what DuckDB and Spark both have, so either can run it. The rules:

- *Versions.* A case's newest version over all quarters is kept: latest ``fda_dt``, then numerically highest
  ``primaryid`` (facts of FDA's FAQ 29); then newest quarter and first line, so that exact repeats have one answer.
- *Deletions.* A case on any archive's list of deleted cases is removed.
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
import pyarrow as pa
from ibis import _

SCHEMA_VERSION = 1
YEARS_BY_AGE_UNIT = {"DEC": 10.0, "YR": 1.0, "MON": 1 / 12, "WK": 7 / 365.25, "DY": 1 / 365.25, "HR": 1 / 8766}
KILOGRAMS_BY_WEIGHT_UNIT = {"KG": 1.0, "LBS": 0.45359237, "GMS": 0.001}
OLDEST_YEARS, HEAVIEST_KG = 150.0, 700.0  # the bounds of CaseReport
EARLIEST_EVENT = "1900-01-01"
SUSPECT_ROLES = ["PS", "SS"]  # primary and secondary suspect; interacting and concomitant drugs are in `drugs` only
SEXES = ["F", "M"]
NO_COUNTRY = "COUNTRY NOT SPECIFIED"

_TEXTS = pa.list_(pa.string())
CURATED_SCHEMA = pa.schema(
    [
        ("case_id", pa.int64()),
        ("primary_id", pa.int64()),
        ("case_version", pa.int32()),
        ("quarter", pa.string()),
        ("received_date", pa.string()),
        ("initial_received_date", pa.string()),
        ("event_date", pa.string()),
        ("age_years", pa.float64()),
        ("weight_kg", pa.float64()),
        ("sex", pa.string()),
        ("reporter_country", pa.string()),
        ("occurrence_country", pa.string()),
        ("reporter_occupation", pa.string()),
        ("report_code", pa.string()),
        ("initial_or_followup", pa.string()),
        ("sender", pa.string()),
        ("literature_reference", pa.string()),
        ("authority_number", pa.string()),
        ("reactions", _TEXTS),
        ("drugs", _TEXTS),
        ("suspect_drugs", _TEXTS),
        ("indications", _TEXTS),
        ("outcomes", _TEXTS),
        ("serious", pa.bool_()),
        ("source_archive", pa.string()),
        ("source_table", pa.string()),
        ("source_line", pa.int64()),
    ]
)


@dataclass(frozen=True)
class StagedTables:
    """Ibis tables over the staged files, with the columns of ``vigil.cases.stage``."""

    demo: Any
    drug: Any
    reac: Any
    outc: Any
    indi: Any
    deleted: Any


def curate(tables: StagedTables) -> Any:
    """The curated cases, in order of ``case_id``, with the columns of ``CURATED_SCHEMA``."""
    newest = _newest_versions(tables.demo)
    cases = newest.anti_join(tables.deleted, "case_id")
    for lists in (
        _terms(tables.reac, "pt", "reactions"),
        _terms(tables.drug, "drugname", "drugs"),
        _terms(tables.drug.filter(_.role_cod.upper().isin(SUSPECT_ROLES)), "drugname", "suspect_drugs"),
        _terms(tables.indi, "indi_pt", "indications"),
        _outcomes(tables.outc),
    ):
        cases = cases.left_join(lists, ["source_archive", "primary_id"]).drop(
            "source_archive_right", "primary_id_right"
        )
    return cases.select(**_columns(cases)).cast(_ibis_schema()).order_by("case_id")


def _newest_versions(demo: Any) -> Any:
    versions = demo.mutate(
        case_id=_.caseid.cast("int64"),
        primary_id=_.primaryid.cast("int64"),
        case_version=_.caseversion.try_cast("int32"),
    )
    order = [_.fda_dt.desc(), _.primary_id.desc(), _.quarter.desc(), _.source_line.asc()]
    rank = ibis.row_number().over(ibis.window(group_by="case_id", order_by=order))
    return versions.mutate(rank=rank).filter(_["rank"] == 0).drop("rank")


def _terms(table: Any, column: str, name: str) -> Any:
    """Distinct sorted lower-case texts of ``column`` for each report."""
    terms = table.select("source_archive", primary_id=_.primaryid.cast("int64"), term=_clean(table[column]).lower())
    terms = terms.filter(_.term.notnull()).distinct()
    return terms.group_by(["source_archive", "primary_id"]).aggregate(**{name: _.term.collect().sort()})


def _outcomes(outc: Any) -> Any:
    codes = outc.select("source_archive", primary_id=_.primaryid.cast("int64"), code=_code(outc.outc_cod))
    grouped = codes.distinct().group_by(["source_archive", "primary_id"])
    return grouped.aggregate(outcomes=_.code.collect(where=_.code.notnull()).sort(), outcome_rows=_.count())


def _columns(cases: Any) -> dict[str, Any]:
    empty = ibis.literal([], type="array<string>")
    received = _day(cases.fda_dt)
    lists = ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")
    return {
        "case_id": cases.case_id,
        "primary_id": cases.primary_id,
        "case_version": cases.case_version,
        "quarter": cases.quarter,
        "received_date": received,
        "initial_received_date": _day(cases.init_fda_dt),
        "event_date": _within(_day(cases.event_dt), EARLIEST_EVENT, received),
        "age_years": _measure(cases.age, cases.age_cod, YEARS_BY_AGE_UNIT, 0.0, OLDEST_YEARS),
        "weight_kg": _weight(cases),
        "sex": _only(_code(cases.sex), SEXES),
        "reporter_country": _code(cases.reporter_country).nullif(NO_COUNTRY),
        "occurrence_country": _code(cases.occr_country).nullif(NO_COUNTRY),
        "reporter_occupation": _code(cases.occp_cod),
        "report_code": _code(cases.rept_cod),
        "initial_or_followup": _code(cases.i_f_code),
        "sender": _clean(cases.mfr_sndr),
        "literature_reference": _clean(cases.lit_ref),
        "authority_number": _clean(cases.auth_num),
        **{name: cases[name].fill_null(empty) for name in lists},
        "serious": cases.outcome_rows.fill_null(0) > 0,
        "source_archive": cases.source_archive,
        "source_table": ibis.literal("DEMO"),
        "source_line": cases.source_line,
    }


def _clean(text: Any) -> Any:
    return text.re_replace(r"\s+", " ").strip().nullif("")


def _code(text: Any) -> Any:
    return _clean(text).upper()


def _only(code: Any, allowed: list[str]) -> Any:
    return ibis.ifelse(code.isin(allowed), code, ibis.null("string"))


def _within(value: Any, low: Any, high: Any) -> Any:
    return ibis.ifelse((value >= low) & (value <= high), value, ibis.null(value.type()))


def _day(text: Any) -> Any:
    """ISO date of ``YYYYMMDD``; null for anything else, a partial date or 30 February included."""
    iso = ibis.ifelse(
        text.re_search(r"^[0-9]{8}$"),
        text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2),
        ibis.null("string"),
    )
    return iso.try_cast("date").cast("string")


def _measure(text: Any, unit: Any, factors: dict[str, float], low: float, high: float) -> Any:
    factor = _code(unit).cases(*factors.items(), else_=ibis.null("float64"))
    return _within(_clean(text).try_cast("float64") * factor, low, high)


def _weight(cases: Any) -> Any:
    kilograms = _measure(cases.wt, cases.wt_cod, KILOGRAMS_BY_WEIGHT_UNIT, 0.0, HEAVIEST_KG)
    return kilograms.nullif(0.0)  # written where no weight is known


def _ibis_schema() -> Any:
    return ibis.Schema.from_pyarrow(CURATED_SCHEMA)
