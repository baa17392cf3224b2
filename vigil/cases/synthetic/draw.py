"""Draw synthetic cases: what they have in common over all their versions, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigil.cases.synthetic.figures import Bools, Choices, Figures, Floats, Ints

FIRST_CASE_ID = 30_000_001
# Some reports' terms say nothing of how serious the case was; no model can be perfect.
UNINFORMATIVE_SHARE = 0.04
FROM_DRUG_SHARE = 0.3  # of the terms, drawn from those reported with the main drug
MAX_REDRAWS = 4
ADULT_YEARS = 16
LONGEST_LIFE = 100


@dataclass(frozen=True)
class Cases:
    """Drawn cases; every list and array has one item for each."""

    case_ids: Ints
    first_quarter: Ints  # index into the quarters asked for
    serious: Bools
    first_version: Ints
    followed_up: Bools
    deleted: Bools
    countries: list[str]
    report_codes: list[str]
    occupations: list[str]
    sexes: list[str]
    senders: list[str]
    ages: Floats  # years; NaN where unknown
    weights: Floats  # kilograms; NaN where unknown
    outcomes: list[list[str]]
    drugs: list[list[str]]
    reactions: list[list[str]]

    def __len__(self) -> int:
        return len(self.case_ids)


def draw_cases(figures: Figures, count: int, quarters: int, random: np.random.Generator) -> Cases:
    """``count`` cases spread evenly over ``quarters``. The same generator state gives the same cases."""
    serious = random.random(count) < figures.serious_share
    countries = figures.countries.draw_values(random, serious)
    regions = [country if country in figures.report_codes else "OTHER" for country in countries]
    codes = _draw_given(figures.report_codes, regions, random, serious)
    occupations = _draw_given(figures.occupations, codes, random, serious)
    senders = figures.senders.draw_values(random, serious)
    first_quarter = np.sort(random.integers(0, quarters, count))
    drugs = _draw_lists(figures.drugs, figures.drugs_per_report, random, serious)
    ages = _draw_ages(figures, random, serious)
    return Cases(
        case_ids=FIRST_CASE_ID + np.arange(count),
        first_quarter=first_quarter,
        serious=serious,
        first_version=figures.versions.draw(random, serious) + 1,
        followed_up=random.random(count) < 0.12,
        deleted=random.random(count) < 0.004,
        countries=countries,
        report_codes=codes,
        occupations=occupations,
        sexes=_draw_given(figures.sexes, occupations, random, serious),
        senders=["FDA-CTU" if code == "DIR" else sender for code, sender in zip(codes, senders, strict=True)],
        ages=ages,
        weights=_draw_weights(figures, random, serious, ages),
        outcomes=_draw_outcomes(figures, random, serious),
        drugs=drugs,
        reactions=_draw_reactions(figures, random, serious, [names[0] for names in drugs]),
    )


def _draw_given(tables: dict[str, Choices], given: list[str], random: np.random.Generator, serious: Bools) -> list[str]:
    """Draw each case from the table that its value in ``given`` names; tables are visited in sorted order."""
    keys = np.array(given)
    drawn = np.empty(len(given), dtype=object)
    for key in sorted(set(given)):
        here = keys == key
        drawn[here] = tables[key].draw_values(random, serious[here])
    return [str(value) for value in drawn]


def _draw_lists(items: Choices, sizes: Choices, random: np.random.Generator, serious: Bools) -> list[list[str]]:
    """For each case a list of distinct values, at least one; repeats are dropped, so lists run a little short."""
    counts = np.array([int(value) for value in sizes.values])[sizes.draw(random, serious)]
    values = iter(items.draw_values(random, np.repeat(serious, counts)))
    return [list(dict.fromkeys(next(values) for _ in range(count))) for count in counts]


def _draw_ages(figures: Figures, random: np.random.Generator, serious: Bools) -> Floats:
    bands = np.array([int(value) for value in figures.ages.values], dtype=np.float64)
    ages = bands[figures.ages.draw(random, serious)] + random.random(len(serious)) * 5
    unknown = random.random(len(serious)) < np.where(serious, figures.age_missing[1], figures.age_missing[0])
    return np.where(unknown, np.nan, np.minimum(ages, LONGEST_LIFE))


def _draw_weights(figures: Figures, random: np.random.Generator, serious: Bools, ages: Floats) -> Floats:
    known = random.random(len(serious)) < np.where(serious, figures.weight_known[1], figures.weight_known[0])
    child = np.nan_to_num(ages, nan=ADULT_YEARS) < ADULT_YEARS
    median = np.where(child, 4 + 3.5 * np.nan_to_num(ages), 71.0)  # real median 71 kg, quartiles 58 and 86
    return np.where(known, np.round(median * np.exp(random.normal(0, 0.27, len(serious))), 2), np.nan)


def _draw_outcomes(figures: Figures, random: np.random.Generator, serious: Bools) -> list[list[str]]:
    drawn = figures.outcomes.draw_values(random, serious)
    return [codes.split("+") if label else [] for codes, label in zip(drawn, serious, strict=True)]


def _draw_reactions(figures: Figures, random: np.random.Generator, serious: Bools, drugs: list[str]) -> list[list[str]]:
    sizes = figures.reactions_per_report
    counts = np.array([int(value) for value in sizes.values])[sizes.draw(random, serious)]
    uninformative = random.random(len(serious)) < UNINFORMATIVE_SHARE
    pool = int(counts.sum()) * MAX_REDRAWS
    labels = np.repeat(serious, counts * MAX_REDRAWS)
    told = figures.terms.draw(random, labels)
    untold = figures.all_terms.draw(random, labels)
    from_drug = random.random(pool) < FROM_DRUG_SHARE
    points = random.random(pool)
    reactions, start = [], 0
    for index, count in enumerate(counts):
        stop = start + int(count) * MAX_REDRAWS
        terms = (untold if uninformative[index] else told)[start:stop].copy()
        known = figures.drug_terms.get(drugs[index])
        if known is not None and not uninformative[index]:
            here = from_drug[start:stop]
            terms[here] = known[0][
                np.searchsorted(known[1], points[start:stop][here], side="right").clip(0, len(known[0]) - 1)
            ]
        reactions.append([figures.terms.values[term] for term in list(dict.fromkeys(terms.tolist()))[:count]])
        start = stop
    return reactions
