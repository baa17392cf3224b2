"""A quarter's reports: which version of which case it lists, and the DEMO table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vigil.cases.countries import load_countries
from vigil.cases.quarter import Quarter
from vigil.cases.synthetic import SYNTHETIC_MARK
from vigil.cases.synthetic.columns import Column, Days, blank, days, decimals, joined, numbers, same, texts, where
from vigil.cases.synthetic.draw import DIRECT, Cases, Rows
from vigil.cases.synthetic.figures import Bools, Floats, Ints, Texts
from vigil.cases.synthetic.spelling import Spelling

POUNDS, DAYS_OF_A_YEAR, MONTHS = 0.45359237, 365.25, 12
MEDIAN_EVENT_LAG_DAYS = 183
OLDEST_EVENT_DAYS = 9000
LONGEST_MAIL_DAYS = 281
MILDER = 0.3  # of the versions that a later one supersedes
EXPEDITED = "EXP"
# Shares of FDA's 2025 files. Missing events, countries of the event and age groups; partial dates; literature.
NO_EVENT, PARTIAL_YEAR, PARTIAL_MONTH = 0.56, 0.01, 0.02
NO_OCCURRENCE, NO_AGE_GROUP, FROM_LITERATURE, WITH_AUTHORITY = 0.04, 0.38, 0.16, 0.15
AGE_GROUPS = ((0.08, "N"), (2.0, "I"), (12.0, "C"), (18.0, "T"), (65.0, "A"), (np.inf, "E"))
USUAL_NAMES = {"US": "UNITED STATES", "GB": "UNITED KINGDOM"}  # of others, the shortest that is known
REFERENCE = (
    "SYNTHETIC AUTHORS. A REPORT THAT NOBODY WROTE ABOUT A CASE THAT NOBODY HAD. JOURNAL OF GENERATED LITERATURE. "
    "2024;1(1):1-9, AS LONG AS A REAL REFERENCE IS IN THE MEAN"
)


@dataclass(frozen=True)
class Reports:
    """What one quarter lists: ``cases`` and, of each, which version when."""

    cases: Cases
    versions: Ints
    superseded: Bools  # a later quarter will say more of it
    quarter: Quarter
    received: Days
    milder: Bools  # no outcome yet

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def keys(self) -> tuple[Column, Column]:
        """``primaryid`` and ``caseid``."""
        case_ids = numbers(self.cases.case_ids)
        return joined(case_ids, numbers(self.versions)), case_ids


def list_reports(cases: Cases, follow_ups: Cases, quarter: Quarter, random: np.random.Generator) -> Reports:
    """The first versions of ``cases`` and the next ones of ``follow_ups``, a case that the quarter before listed."""
    new, old = len(cases), len(follow_ups)
    everything = _concatenated(cases, follow_ups)
    superseded = np.concatenate([cases.followed_up, np.zeros(old, dtype=bool)])
    span = (quarter.last_day - quarter.first_day).days + 1
    received = np.datetime64(quarter.first_day) + random.integers(0, span, new + old)
    return Reports(
        cases=everything,
        versions=everything.first_version + np.concatenate([np.zeros(new, np.int64), np.ones(old, np.int64)]),
        superseded=superseded,
        quarter=quarter,
        received=received,
        milder=superseded & (random.random(new + old) < MILDER),
    )


def _concatenated(first: Cases, second: Cases) -> Cases:
    values: dict[str, Any] = {}
    for name, value in vars(first).items():
        other = getattr(second, name)
        if isinstance(value, Rows):
            cases = np.concatenate([value.case, other.case + len(first)])
            values[name] = Rows(cases, np.concatenate([value.values, other.values]))
        else:
            values[name] = np.concatenate([value, other])
    return Cases(**values)


def demo_table(reports: Reports, spelling: Spelling, random: np.random.Generator) -> pa.Table:
    """DEMO in the current layout's columns."""
    cases, rows = reports.cases, len(reports)
    primary_ids, case_ids = reports.keys
    follow_up = reports.versions > 1
    received = reports.received
    first = np.where(follow_up, received - random.integers(30, 401, rows), received)
    sent = received - np.minimum(random.exponential(10, rows).astype(np.int64), LONGEST_MAIL_DAYS)
    age, age_unit = _ages(cases.ages, random)
    weight, weight_unit = _weights(cases.weights, random)
    direct, expedited = cases.report_codes == DIRECT, cases.report_codes == EXPEDITED
    country = texts(_countries(cases.countries, spelling))
    number = joined(
        texts(cases.countries), "-", texts(cases.senders), "-", numbers(random.integers(10**8, 10**9, rows))
    )
    authority = joined(f"{SYNTHETIC_MARK}-", numbers(random.integers(0, 10**6, rows)))
    return pa.table(
        {
            "primaryid": primary_ids,
            "caseid": case_ids,
            "caseversion": numbers(reports.versions),
            "i_f_code": where(follow_up, same("F", rows), "I"),
            "event_dt": _events(reports, spelling, random),
            "mfr_dt": days(sent),
            "init_fda_dt": days(first),
            "fda_dt": days(received),
            "rept_cod": texts(cases.report_codes),
            "auth_num": where(expedited & (random.random(rows) < WITH_AUTHORITY), authority, SYNTHETIC_MARK),
            "mfr_num": where(~direct, number),
            "mfr_sndr": texts(cases.senders),
            "lit_ref": where(expedited & (random.random(rows) < FROM_LITERATURE), same(REFERENCE, rows)),
            "age": age,
            "age_cod": age_unit,
            "age_grp": _age_groups(cases.ages, random),
            "sex": texts(cases.sexes),
            "e_sub": where(direct, same("N", rows), "Y"),
            "wt": weight,
            "wt_cod": weight_unit,
            "rept_dt": days(received),
            "to_mfr": blank(rows),
            "occp_cod": texts(cases.occupations),
            "reporter_country": country,
            "occr_country": where(random.random(rows) >= NO_OCCURRENCE, country),
        }
    )


def _countries(codes: Texts, spelling: Spelling) -> Texts:
    if not spelling.country_names:
        return codes
    names = dict(USUAL_NAMES)
    for name, code in sorted(load_countries().items(), key=lambda item: (len(item[0]), item[0])):
        if name.isascii():
            names.setdefault(code, name)
    return np.array([names.get(code, code) for code in codes.tolist()], dtype=object)


def _events(reports: Reports, spelling: Spelling, random: np.random.Generator) -> Column:
    rows = len(reports)
    lags = random.exponential(MEDIAN_EVENT_LAG_DAYS / np.log(2), rows).astype(np.int64)
    deaths = np.array(["DE" in codes for codes in reports.cases.outcomes.tolist()], dtype=bool)
    late = deaths & (random.random(rows) < spelling.old_deaths)
    lags = np.where(late, lags + 4 * 365, lags)
    whole = days(reports.received - np.minimum(lags, OLDEST_EVENT_DAYS))
    point = random.random(rows)
    year, month = pa.compute.utf8_slice_codeunits(whole, 0, 4), pa.compute.utf8_slice_codeunits(whole, 0, 6)
    partial = where(point < PARTIAL_YEAR, year, where(point < PARTIAL_YEAR + PARTIAL_MONTH, month, whole))
    return where((random.random(rows) >= NO_EVENT) | late, partial)


def _ages(years: Floats, random: np.random.Generator) -> tuple[Column, Column]:
    """The number and its unit: nearly always years, now and then decades or days, months for infants."""
    point, known = random.random(len(years)), ~np.isnan(years)
    age = np.nan_to_num(years)
    months = known & (age < 2) & (point < 0.6)
    decades = known & ~months & (point < 0.014)
    in_days = known & ~months & (point > 0.999)
    number = np.where(months, np.maximum(1, np.round(age * MONTHS)), np.floor(age))
    number = np.where(decades, np.round(age / 10), number)
    number = np.where(in_days, np.round(age * DAYS_OF_A_YEAR), number).astype(np.int64)
    unit = np.where(months, "MON", np.where(decades, "DEC", np.where(in_days, "DY", "YR"))).astype(object)
    return where(known, numbers(number)), where(known, texts(unit))


def _weights(kilograms: Floats, random: np.random.Generator) -> tuple[Column, Column]:
    known = ~np.isnan(kilograms)
    pounds = known & (random.random(len(kilograms)) < 0.003)
    number = decimals(np.where(pounds, np.round(kilograms / POUNDS, 1), kilograms), 2)
    return number, where(known, where(pounds, same("LBS", len(known)), "KG"))


def _age_groups(years: Floats, random: np.random.Generator) -> Column:
    known = ~np.isnan(years) & (random.random(len(years)) >= NO_AGE_GROUP)
    bounds = np.array([below for below, _ in AGE_GROUPS])
    index = np.searchsorted(bounds, np.nan_to_num(years), side="right")
    groups = pa.array([group for _, group in AGE_GROUPS], pa.string())
    return where(known, groups.take(pa.array(np.minimum(index, len(AGE_GROUPS) - 1))))
