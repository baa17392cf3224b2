"""Drift that really happened to FAERS, to be had on demand: each from a quarter on.

Sources: FDA's readmes and statistics of the quarters, and samples of 2022Q4 to 2025Q4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vigil.cases.layout import Vintage
from vigil.cases.quarter import Quarter, QuarterError
from vigil.cases.synthetic.draw import Cases, Rows
from vigil.cases.synthetic.figures import Bools
from vigil.cases.synthetic.spelling import Spelling

Change = Callable[[Cases, np.random.Generator], Cases]
CODES_SINCE = Quarter(2021, 4)  # two letters for countries


class DriftError(ValueError):
    """There is no such scenario; the message lists those there are."""


@dataclass(frozen=True)
class Scenario:
    """``change`` alters a quarter's cases, ``spelling`` how they are written, ``serious_share`` what is drawn."""

    about: str
    change: Change = lambda cases, _random: cases
    spelling: dict[str, object] = field(default_factory=dict)
    serious_share: float | None = None


@dataclass(frozen=True)
class Drift:
    name: str
    scenario: Scenario
    since: Quarter


def parse_drift(text: str, newest: Quarter) -> Drift:
    """Read ``NAME`` (in the newest quarter) or ``NAME@QUARTER`` (from it on). Raises ``DriftError``."""
    name, at, since = text.partition("@")
    if name not in SCENARIOS:
        raise DriftError(f"no drift is named {name!r}: choose among {', '.join(SCENARIOS)}")
    try:
        begins = Quarter.parse(since) if at else newest
    except QuarterError as error:
        raise DriftError(f"--drift {text}: {error}") from error
    if begins > newest:
        raise DriftError(f"--drift {text}: it would begin after {newest}, the newest quarter asked for")
    return Drift(name, SCENARIOS[name], begins)


def spelling_of(drifts: Sequence[Drift], quarter: Quarter, vintage: Vintage) -> Spelling:
    """How ``quarter`` writes: as files of its time do, and as the drifts that are on by then say."""
    spelling = Spelling(country_names=vintage.trailing_blank or quarter < CODES_SINCE)
    for drift in drifts:
        if drift.since <= quarter:
            spelling = replace(spelling, **drift.scenario.spelling)  # type: ignore[arg-type]
    return spelling


def _some(random: np.random.Generator, cases: Cases, share: float) -> Bools:
    return random.random(len(cases)) < share


def _batch(sender: str, drug: str, terms: Sequence[str], share: float, serious: float, occupation: str) -> Change:
    """A share of the quarter becomes near-duplicates from one sender about one drug."""

    def change(cases: Cases, random: np.random.Generator) -> Cases:
        batch = _some(random, cases, share)
        label = batch & (random.random(len(cases)) < serious)
        return replace(
            cases,
            serious=np.where(batch, label, cases.serious),
            outcomes=np.where(batch, np.where(label, "OT", ""), cases.outcomes).astype(object),
            senders=np.where(batch, sender, cases.senders).astype(object),
            countries=np.where(batch, "US", cases.countries).astype(object),
            report_codes=np.where(batch, np.where(label, "EXP", "PER"), cases.report_codes).astype(object),
            occupations=np.where(batch, occupation, cases.occupations).astype(object),
            drugs=_replaced(cases.drugs, batch, [drug]),
            reactions=_replaced(cases.reactions, batch, terms),
        )

    return change


def _replaced(rows: Rows, here: Bools, values: Sequence[str]) -> Rows:
    """The lists of the cases ``here`` become ``values``."""
    kept = ~here[rows.case]
    new = np.repeat(np.flatnonzero(here), len(values))
    case = np.concatenate([rows.case[kept], new])
    texts = np.concatenate([rows.values[kept], np.tile(np.array(values, dtype=object), int(here.sum()))])
    order = np.argsort(case, kind="stable")
    return Rows(case[order], texts[order])


def _blank_occupation(cases: Cases, random: np.random.Generator) -> Cases:
    here = _some(random, cases, 0.16)
    return replace(cases, occupations=np.where(here, "", cases.occupations).astype(object))


def _blank_sex(cases: Cases, random: np.random.Generator) -> Cases:
    here = _some(random, cases, 0.10)
    return replace(cases, sexes=np.where(here, "", cases.sexes).astype(object))


def _recode_members(cases: Cases, random: np.random.Generator) -> Cases:
    """The other way round than in FDA's files, whose EU came later: what was EU tells its member again."""
    members = np.array(["DE", "FR", "IT", "ES"], dtype=object)[random.integers(0, 4, len(cases))]
    return replace(cases, countries=np.where(cases.countries == "EU", members, cases.countries).astype(object))


def _combination_products(cases: Cases, random: np.random.Generator) -> Cases:
    """Non-serious periodic reports of devices with drugs get codes of their own."""
    here = (cases.report_codes == "PER") & _some(random, cases, 0.10)
    codes = np.where(random.random(len(cases)) < 0.05, "5DAY", "30DAY")
    return replace(cases, report_codes=np.where(here, codes, cases.report_codes).astype(object))


def _recode_terms(cases: Cases, random: np.random.Generator) -> Cases:
    """A MedDRA version renames terms, the same ones in every report."""
    terms = np.array(sorted(set(cases.reactions.values.tolist())), dtype=object)
    renamed = {term: f"{term} (recoded)" for term in terms[np.random.default_rng(19).random(len(terms)) < 0.16]}
    values = [renamed.get(term, term) for term in cases.reactions.values.tolist()]
    return replace(cases, reactions=Rows(cases.reactions.case, np.array(values, dtype=object)))


DUPIXENT_TERMS = ("Dermatitis atopic", "Pruritus")
OPIOID_TERMS = ("Drug dependence", "Overdose")

SCENARIOS: dict[str, Scenario] = {
    "sender-batch": Scenario(
        "one sender's 8 % of the quarter about one drug, mostly not serious (Sanofi, Dupixent)",
        _batch("SANOFI AVENTIS", "DUPIXENT", DUPIXENT_TERMS, 0.08, 0.10, "CN"),
    ),
    "lawyer-batch": Scenario(
        "near-duplicates from lawyers about opioids, nearly all serious (2023)",
        _batch("PURDUE", "PERCOCET", OPIOID_TERMS, 0.05, 0.99, "LW"),
    ),
    "occupation-blank": Scenario(
        "one reporter in six loses the occupation (missing in 1.4 to 17 %, 2023 to 2025)", _blank_occupation
    ),
    "country-recode": Scenario("EU is written as its members (before 2025 it was)", _recode_members),
    "report-codes": Scenario("5DAY and 30DAY for combination products (2022Q3)", _combination_products),
    "role-dn": Scenario("the role DN, not administered (2024Q4)", spelling={"not_administered": 0.02}),
    "route-synonyms": Scenario("`Oral use` for `Oral` (2025)", spelling={"route_synonyms": True}),
    "country-codes": Scenario("countries by name (before 2021Q4 they were)", spelling={"country_names": True}),
    "sex-null": Scenario("one report in ten loses the sex (missing in 13 to 21 %, 2022 to 2025)", _blank_sex),
    "serious-rate": Scenario("more serious cases: 66 % instead of 58 % (52 to 59 %, 2022 to 2023)", serious_share=0.66),
    "term-recoding": Scenario("one term in six is renamed (MedDRA, twice a year)", _recode_terms),
    "lag-backlog": Scenario("deaths of years ago arrive (2012Q4)", spelling={"old_deaths": 0.5}),
}
