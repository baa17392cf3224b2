"""Draw synthetic cases as arrays: what they have in common over all their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vigil.cases.synthetic.figures import Bools, Choices, Figures, Floats, Ints, Texts

# Some reports' terms say nothing of how serious the case was; no model can be perfect.
UNINFORMATIVE_SHARE = 0.04
FROM_DRUG_SHARE = 0.3  # of the terms, drawn from those reported with the main drug
MAX_REDRAWS = 4
ADULT_YEARS = 16
LONGEST_LIFE = 100
FOLLOWED_UP = 0.12  # of a quarter's cases, listed in the next one again
DELETED = 0.004
DIRECT, CENTRAL_TRIAGE = "DIR", "FDA-CTU"  # direct reports are FDA's own


@dataclass(frozen=True)
class Rows:
    """A list of values for each case, laid end to end: ``case`` holds the index of the case that each value is of."""

    case: Ints  # sorted
    values: Texts

    def of(self, cases: Ints, count: int) -> Rows:
        """The rows of some of ``count`` cases, in the order of ``cases``, which are numbered anew."""
        sizes = np.bincount(self.case, minlength=count)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        chosen = sizes[cases]
        within = np.arange(chosen.sum()) - np.repeat(np.cumsum(chosen) - chosen, chosen)
        return Rows(np.repeat(np.arange(len(cases)), chosen), self.values[np.repeat(starts[cases], chosen) + within])


@dataclass(frozen=True)
class Cases:
    """Drawn cases; every array has one item for each, but for the two lists."""

    case_ids: Ints
    serious: Bools
    first_version: Ints
    followed_up: Bools
    deleted: Bools
    countries: Texts
    report_codes: Texts
    occupations: Texts
    sexes: Texts
    senders: Texts
    ages: Floats  # years; NaN where unknown
    weights: Floats  # kilograms; NaN where unknown
    outcomes: Texts  # codes joined by `+`
    drugs: Rows  # the first of a case is its main drug
    reactions: Rows

    def __len__(self) -> int:
        return len(self.case_ids)

    def take(self, cases: Ints) -> Cases:
        """Some of the cases, in this order."""
        lists: dict[str, Any] = {
            "drugs": self.drugs.of(cases, len(self)),
            "reactions": self.reactions.of(cases, len(self)),
        }
        arrays: dict[str, Any] = {name: value[cases] for name, value in vars(self).items() if name not in lists}
        return Cases(**arrays, **lists)


def draw_cases(
    figures: Figures, count: int, first_id: int, random: np.random.Generator, serious_share: float | None = None
) -> Cases:
    """``count`` cases with ids from ``first_id`` on. The same generator state gives the same cases."""
    share = figures.serious_share if serious_share is None else serious_share
    serious = random.random(count) < share
    countries = figures.countries.draw_values(random, serious)
    regions = np.where(np.isin(countries, list(figures.report_codes)), countries, "OTHER").astype(object)
    codes = _draw_given(figures.report_codes, regions, random, serious)
    occupations = _draw_given(figures.occupations, codes, random, serious)
    senders = figures.senders.draw_values(random, serious)
    drugs = _draw_lists(figures, random, serious)
    ages = _draw_ages(figures, random, serious)
    chosen = random.permutation(count)
    return Cases(
        case_ids=first_id + np.arange(count),
        serious=serious,
        first_version=figures.versions.draw(random, serious) + 1,
        followed_up=chosen < round(count * FOLLOWED_UP),
        deleted=chosen >= count - round(count * DELETED),
        countries=countries,
        report_codes=codes,
        occupations=occupations,
        sexes=_draw_given(figures.sexes, occupations, random, serious),
        senders=np.where(codes == DIRECT, CENTRAL_TRIAGE, senders).astype(object),
        ages=ages,
        weights=_draw_weights(figures, random, serious, ages),
        outcomes=np.where(serious, figures.outcomes.draw_values(random, serious), "").astype(object),
        drugs=drugs,
        reactions=_draw_reactions(figures, random, serious, drugs),
    )


def _draw_given(tables: dict[str, Choices], given: Texts, random: np.random.Generator, serious: Bools) -> Texts:
    """Draw each case from the table that its value in ``given`` names; tables are visited in sorted order."""
    drawn = np.empty(len(given), dtype=object)
    for key in sorted(set(given.tolist())):
        here = given == key
        drawn[here] = tables[key].draw_values(random, serious[here])
    return drawn


def _draw_lists(figures: Figures, random: np.random.Generator, serious: Bools) -> Rows:
    """For each case a list of distinct drugs, at least one; repeats are dropped, so lists run a little short."""
    sizes = figures.drugs_per_report
    counts = sizes.as_numbers()[sizes.draw(random, serious)]
    case = np.repeat(np.arange(len(serious)), counts)
    drugs = figures.drugs.draw(random, serious[case])
    kept = _first_of_each(case, drugs, len(figures.drugs.values))
    return Rows(case[kept], figures.drugs.texts[drugs[kept]])


def _first_of_each(case: Ints, value: Ints, values: int) -> Ints:
    """Positions of the first occurrence of each value within its case, in order."""
    _, first = np.unique(case * values + value, return_index=True)
    return np.sort(first)


def _draw_ages(figures: Figures, random: np.random.Generator, serious: Bools) -> Floats:
    bands = figures.ages.as_numbers().astype(np.float64)
    ages = bands[figures.ages.draw(random, serious)] + random.random(len(serious)) * 5
    unknown = random.random(len(serious)) < np.where(serious, figures.age_missing[1], figures.age_missing[0])
    return np.where(unknown, np.nan, np.minimum(ages, LONGEST_LIFE))


def _draw_weights(figures: Figures, random: np.random.Generator, serious: Bools, ages: Floats) -> Floats:
    known = random.random(len(serious)) < np.where(serious, figures.weight_known[1], figures.weight_known[0])
    child = np.nan_to_num(ages, nan=ADULT_YEARS) < ADULT_YEARS
    median = np.where(child, 4 + 3.5 * np.nan_to_num(ages), 71.0)  # real median 71 kg, quartiles 58 and 86
    return np.where(known, np.round(median * np.exp(random.normal(0, 0.27, len(serious))), 2), np.nan)


def _draw_reactions(figures: Figures, random: np.random.Generator, serious: Bools, drugs: Rows) -> Rows:
    """Distinct terms: most by the label, some by the main drug, and in a few cases by neither."""
    sizes = figures.reactions_per_report
    counts = sizes.as_numbers()[sizes.draw(random, serious)]
    uninformative = random.random(len(serious)) < UNINFORMATIVE_SHARE
    case = np.repeat(np.arange(len(serious)), counts * MAX_REDRAWS)
    terms = figures.terms.draw(random, serious[case])
    untold = figures.all_terms.draw(random, serious[case])
    terms = np.where(uninformative[case], untold, terms)
    _, main = np.unique(drugs.case, return_index=True)
    known = figures.drug_terms.rows_of(drugs.values[main])[case]
    here = (random.random(len(case)) < FROM_DRUG_SHARE) & (known >= 0) & ~uninformative[case]
    terms[here] = figures.drug_terms.draw(random, known[here])
    kept = _first_of_each(case, terms, len(figures.terms.values))
    starts = np.concatenate([[0], np.cumsum(np.bincount(case[kept], minlength=len(serious)))[:-1]])
    rank = np.arange(len(kept)) - starts[case[kept]]
    kept = kept[rank < counts[case[kept]]]
    return Rows(case[kept], figures.terms.texts[terms[kept]])
