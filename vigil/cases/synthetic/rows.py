"""Turn a drawn case's version into the lines of FDA's seven tables."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from vigil.cases.quarter import Quarter
from vigil.cases.synthetic import SYNTHETIC_MARK
from vigil.cases.synthetic.draw import Cases
from vigil.cases.synthetic.figures import Choices, Figures

Line = tuple[str, list[str]]  # table and fields

MEDIAN_EVENT_LAG_DAYS = 183
EARLIEST_THERAPY_DAYS = 720
AGE_GROUPS = ((0.08, "N"), (2.0, "I"), (12.0, "C"), (18.0, "T"), (65.0, "A"), (math.inf, "E"))


@dataclass(frozen=True)
class Version:
    """One version of the case at ``index``: which quarter lists it, and whether a later one will say more."""

    index: int
    quarter: Quarter
    number: int
    superseded: bool


def lines_of(cases: Cases, version: Version, figures: Figures, dice: random.Random) -> Iterator[Line]:
    """All lines of one version. A superseded version may be milder and names fewer reactions than the last one."""
    i = version.index
    case_id = str(cases.case_ids[i])
    keys = [f"{case_id}{version.number}", case_id]
    milder = version.superseded and dice.random() < 0.3
    outcomes = [] if milder else cases.outcomes[i]
    reactions = cases.reactions[i][:-1] if version.superseded and len(cases.reactions[i]) > 1 else cases.reactions[i]
    received = _day_in(version.quarter, dice)
    yield "DEMO", keys + _demo(cases, version, received, dice)
    for number, drug in enumerate(cases.drugs[i], 1):
        yield from _drug_lines(keys, str(number), drug, received, figures, dice)
    for term in reactions:
        yield "REAC", [*keys, term, ""]
    for code in outcomes:
        yield "OUTC", [*keys, code]
    if cases.report_codes[i] == "DIR":
        yield "RPSR", [*keys, "HP" if cases.occupations[i] in {"MD", "HP", "PH"} else "CSM"]


def _demo(cases: Cases, version: Version, received: date, dice: random.Random) -> list[str]:
    """The 23 fields of DEMO after its keys."""
    i = version.index
    follow_up = version.number > 1
    first_received = received - timedelta(days=dice.randint(30, 400)) if follow_up else received
    sent = received - timedelta(days=min(int(dice.expovariate(0.1)), 281))
    age, unit = _age(cases.ages[i], dice)
    weight, weight_unit = _weight(cases.weights[i], dice)
    expedited = cases.report_codes[i] == "EXP"
    country = cases.countries[i]
    occurred = "" if dice.random() < 0.04 else country
    direct = cases.report_codes[i] == "DIR"
    number = "" if direct else f"{country}-{cases.senders[i][:12].strip()}-{dice.randrange(10**9):09d}"
    return [
        *(str(version.number), "F" if follow_up else "I", _event_date(received, dice), _ymd(sent)),
        *(_ymd(first_received), _ymd(received), cases.report_codes[i]),
        f"{SYNTHETIC_MARK}-{dice.randrange(10**6):06d}" if expedited and dice.random() < 0.13 else SYNTHETIC_MARK,
        *(number, cases.senders[i], "SYNTHETIC REFERENCE" if expedited and dice.random() < 0.12 else ""),
        *(age, unit, _age_group(cases.ages[i], dice), cases.sexes[i], "N" if direct else "Y"),
        *(weight, weight_unit, _ymd(received), "", cases.occupations[i], country, occurred),
    ]


def _drug_lines(
    keys: list[str], number: str, drug: str, received: date, figures: Figures, dice: random.Random
) -> Iterator[Line]:
    role = "PS" if number == "1" else dice.choices(("SS", "C", "I"), (49, 50, 1))[0]
    route = _pick(figures.routes, dice)
    yield "DRUG", [*keys, number, role, drug, drug, "1", route, *[""] * 12]
    if dice.random() < 0.65:
        yield "INDI", [*keys, number, _pick(figures.indications, dice)]
    if dice.random() < 0.28:
        start = received - timedelta(days=dice.randint(1, EARLIEST_THERAPY_DAYS))
        yield "THER", [*keys, number, _ymd(start), "", "", ""]


def _age(years: float, dice: random.Random) -> tuple[str, str]:
    """The number and its unit: nearly always years, now and then decades or days, months for infants."""
    if math.isnan(years):
        return "", ""
    point = dice.random()
    if years < 2 and point < 0.6:
        return str(max(1, round(years * 12))), "MON"
    if point < 0.014:
        return str(round(years / 10)), "DEC"
    if point > 0.999:
        return str(round(years * 365.25)), "DY"
    return str(int(years)), "YR"


def _age_group(years: float, dice: random.Random) -> str:
    if math.isnan(years) or dice.random() < 0.38:
        return ""
    return next(group for below, group in AGE_GROUPS if years < below)


def _weight(kilograms: float, dice: random.Random) -> tuple[str, str]:
    if math.isnan(kilograms):
        return "", ""
    return (f"{kilograms / 0.45359237:.1f}", "LBS") if dice.random() < 0.003 else (f"{kilograms:g}", "KG")


def _event_date(received: date, dice: random.Random) -> str:
    if dice.random() < 0.53:
        return ""
    text = _ymd(received - timedelta(days=min(int(dice.expovariate(math.log(2) / MEDIAN_EVENT_LAG_DAYS)), 9000)))
    point = dice.random()
    return text[:4] if point < 0.02 else text[:6] if point < 0.06 else text


def _day_in(quarter: Quarter, dice: random.Random) -> date:
    return quarter.first_day + timedelta(days=dice.randrange((quarter.last_day - quarter.first_day).days + 1))


def _pick(choices: Choices, dice: random.Random) -> str:
    return dice.choices(choices.values, cum_weights=choices.cumulative[0].tolist())[0]


def _ymd(day: date) -> str:
    return day.strftime("%Y%m%d")
