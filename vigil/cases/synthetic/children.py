"""The six tables below DEMO: drugs with their indications and therapies, reactions, outcomes, sources."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vigil.cases.synthetic.columns import Column, blank, days, joined, numbers, pick, same, texts, where
from vigil.cases.synthetic.draw import DIRECT
from vigil.cases.synthetic.figures import Figures, Ints
from vigil.cases.synthetic.reports import Reports
from vigil.cases.synthetic.spelling import Spelling

# A drug has a line for each dosage: with it, lines a report come to FDA's 4.65.
DOSAGES, DOSAGE_WEIGHTS = (1, 2, 3, 4), (0.78, 0.13, 0.05, 0.04)
OTHER_ROLES, OTHER_ROLE_WEIGHTS = ("SS", "C", "I"), (0.495, 0.495, 0.01)
NOT_ADMINISTERED = "DN"
# Shares of FDA's 2025Q2: a dose as text, a lot, an application number, an active ingredient; the code lists.
NO_DOSE, NO_LOT, NO_APPLICATION, NO_INGREDIENT = 0.279, 0.748, 0.654, 0.017
DECHALLENGE = (("", "U", "D", "Y", "N"), (42.9, 36.5, 13.1, 6.1, 1.3))
RECHALLENGE = (("", "U", "N", "Y"), (89.7, 8.0, 1.8, 0.5))
AMOUNTS = (("", "1", "5", "10", "20", "40", "50", "100", "200", "300", "500"), (45, 6, 6, 8, 6, 5, 6, 8, 4, 4, 2))
UNITS = (("MG", "DF", "MG/KG", "UG", "IU"), (75, 12, 5, 4, 4))
FORMS = (("", "TABLET", "INJECTION", "CAPSULE", "SOLUTION FOR INJECTION", "FILM-COATED TABLET"), (45, 20, 12, 8, 10, 5))
FREQUENCIES = (("", "QD", "BID", "QOW", "TID", "QW"), (70, 16, 6, 4, 2, 2))
DOSE_TEXTS = (
    (
        "UNK",
        "100 MG, QD",
        "300 MG, EVERY 2 WEEKS",
        "10 MG, DAILY",
        "1 DOSAGE FORM, QD (ONE TABLET DAILY)",
        "40 MG, WEEKLY",
    ),
    (30, 15, 10, 20, 10, 15),
)
WITH_INDICATION, WITH_THERAPY = 0.62, 0.28
NO_START, NO_END, NO_DURATION = 0.075, 0.597, 0.676
LONGEST_THERAPY_DAYS = 720
ROUTE_SYNONYMS = {"Oral": "Oral use", "Subcutaneous": "Subcutaneous use"}
PROFESSIONALS = ("MD", "HP", "PH")


def child_tables(
    reports: Reports, figures: Figures, spelling: Spelling, random: np.random.Generator
) -> dict[str, pa.Table]:
    """Every table but DEMO, in the current layout's columns."""
    report, sequence, drugs = _drug_lines(reports, random)
    keys = _keys(reports, report)
    return {
        "DRUG": _drugs(keys, sequence, drugs, figures, spelling, random),
        "REAC": _reactions(reports),
        "OUTC": _outcomes(reports),
        "RPSR": _sources(reports),
        "THER": _therapies(reports, report, sequence, random),
        "INDI": _indications(reports, report, sequence, figures, random),
    }


def _keys(reports: Reports, report: Ints) -> dict[str, Column]:
    index = pa.array(report)
    primary_ids, case_ids = reports.keys
    return {"primaryid": primary_ids.take(index), "caseid": case_ids.take(index)}


def _drug_lines(reports: Reports, random: np.random.Generator) -> tuple[Ints, Ints, Column]:
    """For each line of DRUG: its report, its number in the report, and the drug."""
    listed = reports.cases.drugs
    weights = np.array(DOSAGE_WEIGHTS) / sum(DOSAGE_WEIGHTS)
    lines = np.array(DOSAGES)[
        np.searchsorted(np.cumsum(weights), random.random(len(listed.case)), side="right").clip(0, 3)
    ]
    report = np.repeat(listed.case, lines)
    starts = np.searchsorted(report, report, side="left")
    return report, np.arange(len(report)) - starts + 1, texts(np.repeat(listed.values, lines))


def _drugs(
    keys: dict[str, Column],
    sequence: Ints,
    drugs: Column,
    figures: Figures,
    spelling: Spelling,
    random: np.random.Generator,
) -> pa.Table:
    rows = len(sequence)
    others = pick(random, rows, OTHER_ROLES, OTHER_ROLE_WEIGHTS)
    others = where(random.random(rows) < spelling.not_administered, same(NOT_ADMINISTERED, rows), others)
    shares = np.diff(figures.routes.cumulative[0], prepend=0.0)
    names = [ROUTE_SYNONYMS.get(route, route) if spelling.route_synonyms else route for route in figures.routes.values]
    amount = pick(random, rows, *AMOUNTS)
    dosed = np.asarray(pa.compute.not_equal(amount, ""))
    return pa.table(
        {
            **keys,
            "drug_seq": numbers(sequence),
            "role_cod": where(sequence == 1, same("PS", rows), others),
            "drugname": drugs,
            "prod_ai": where(random.random(rows) >= NO_INGREDIENT, drugs),
            "val_vbm": same("1", rows),
            "route": pick(random, rows, names, shares.tolist()),
            "dose_vbm": where(random.random(rows) >= NO_DOSE, pick(random, rows, *DOSE_TEXTS)),
            "cum_dose_chr": blank(rows),
            "cum_dose_unit": blank(rows),
            "dechal": pick(random, rows, *DECHALLENGE),
            "rechal": pick(random, rows, *RECHALLENGE),
            "lot_num": where(random.random(rows) >= NO_LOT, joined("S", numbers(random.integers(0, 10**6, rows)))),
            "exp_dt": blank(rows),
            "nda_num": where(random.random(rows) >= NO_APPLICATION, numbers(random.integers(10_000, 999_999, rows))),
            "dose_amt": amount,
            "dose_unit": where(dosed, pick(random, rows, *UNITS)),
            "dose_form": pick(random, rows, *FORMS),
            "dose_freq": pick(random, rows, *FREQUENCIES),
        }
    )


def _reactions(reports: Reports) -> pa.Table:
    """A version that a later one supersedes knows one reaction less, where it knows several."""
    listed = reports.cases.reactions
    sizes = np.bincount(listed.case, minlength=len(reports))
    last = np.cumsum(sizes) - 1
    kept = np.ones(len(listed.case), dtype=bool)
    kept[last[reports.superseded & (sizes > 1)]] = False
    report = listed.case[kept]
    terms = texts(listed.values[kept])
    return pa.table({**_keys(reports, report), "pt": terms, "drug_rec_act": blank(len(report))})


def _outcomes(reports: Reports) -> pa.Table:
    known = np.where(reports.milder, "", reports.cases.outcomes).tolist()
    codes = [text.split("+") if text else [] for text in known]
    report = np.repeat(np.arange(len(reports)), [len(found) for found in codes])
    flat = pa.array([code for found in codes for code in found], pa.string())
    return pa.table({**_keys(reports, report), "outc_cod": flat})


def _sources(reports: Reports) -> pa.Table:
    report = np.flatnonzero(reports.cases.report_codes == DIRECT)
    professional = np.isin(reports.cases.occupations[report], PROFESSIONALS)
    return pa.table({**_keys(reports, report), "rpsr_cod": where(professional, same("HP", len(report)), "CSM")})


def _therapies(reports: Reports, report: Ints, sequence: Ints, random: np.random.Generator) -> pa.Table:
    here = random.random(len(report)) < WITH_THERAPY
    report, sequence = report[here], sequence[here]
    rows = len(report)
    start = reports.received[report] - random.integers(1, LONGEST_THERAPY_DAYS + 1, rows)
    length = random.integers(1, LONGEST_THERAPY_DAYS, rows)
    measured = random.random(rows) >= NO_DURATION
    return pa.table(
        {
            **_keys(reports, report),
            "dsg_drug_seq": numbers(sequence),
            "start_dt": where(random.random(rows) >= NO_START, days(start)),
            "end_dt": where(random.random(rows) >= NO_END, days(np.minimum(start + length, reports.received[report]))),
            "dur": where(measured, numbers(length)),
            "dur_cod": where(measured, same("DAY", rows)),
        }
    )


def _indications(
    reports: Reports, report: Ints, sequence: Ints, figures: Figures, random: np.random.Generator
) -> pa.Table:
    here = random.random(len(report)) < WITH_INDICATION
    shares = np.diff(figures.indications.cumulative[0], prepend=0.0)
    terms = pick(random, int(here.sum()), figures.indications.values, shares.tolist())
    return pa.table({**_keys(reports, report[here]), "indi_drug_seq": numbers(sequence[here]), "indi_pt": terms})
