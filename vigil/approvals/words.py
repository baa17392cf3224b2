"""What people read for the names of an evaluation: one vocabulary for tables, plots, limits and criteria.

Nothing here changes what is signed: a criterion's own text is in the statement, and these words stand beside it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vigil.models.models import MeasureName, Split, Subgroup

#: The newest quarter first: it is the one that is like what comes.
SPLITS: dict[Split, str] = {"test_next": "Newest quarter", "test": "Unseen cases of the training quarters"}
#: Of a dataset, in the order in which it is used.
PARTS = {"train": "Training", "validation": "Validation", "test": SPLITS["test"], "test_next": SPLITS["test_next"]}
WITHIN: dict[Split, str] = {"test_next": "the newest quarter", "test": "unseen cases of the training quarters"}
SUBGROUPS: dict[Subgroup, str] = {
    "us": "United States", "non_us": "other countries", "sex_F": "female", "sex_M": "male",
    "sex_missing": "sex missing", "age_0_17": "0 to 17 years", "age_18_64": "18 to 64 years",
    "age_65_up": "65 years and older", "age_missing": "age missing",
}  # fmt: skip


class MeasureWords(NamedTuple):
    name: str
    direction: str
    meaning: str


MEASURES: dict[MeasureName, MeasureWords] = {
    "auroc": MeasureWords(
        "AUROC", "more is better", "How often a serious case gets a higher score than one that is not; by chance 0.5."
    ),
    "average_precision": MeasureWords(
        "Average precision", "more is better",
        "The share of serious cases among those read so far, averaged over the serious ones from the top of the queue; "
        "by chance the share of serious cases.",
    ),
    "brier": MeasureWords(
        "Brier score", "less is better", "The mean squared distance of the score from what happened (0 or 1)."
    ),
    "calibration_error": MeasureWords(
        "Calibration error", "less is better",
        "How far the share predicted is from the share observed, on average over bins of equally many cases.",
    ),
    "recall_at_capacity": MeasureWords(
        "Recall at review capacity", "more is better",
        "The share of all serious cases that is found when only as much of the queue is read, from the top, as can be "
        "read in time.",
    ),
}  # fmt: skip
#: The gate's own criteria (``vigil.change_control.gate``); others are limits, which the plan names.
CRITERIA = {
    "plan": "Judged by the plan it was made under",
    "data-profile": "Kind of data",
    "feature-fields": "Fields that features are made from",
    "hyperparameters": "Hyperparameters",
    "training-cases": "Training cases",
    "subgroups": "Measured on every subgroup",
    "no-banned-field": "No banned field among the features",
    "leak-alarm-model": "Leak alarm: the model",
    "leak-alarm-single-feature": "Leak alarm: any one feature",
}
DIGITS = 4  # of a figure on a page; the statement has all
DIGEST_DIGITS = 12  # enough to tell two apart; the whole digest stands among the digests
_MEASURE = re.compile(rf"\b(?:{'|'.join(MEASURES)})(?= on (?:test|test_next)\b)")
_GROUP = "|".join(SUBGROUPS)
_PLACE = re.compile(rf"(?:\b({_GROUP}) )?\b(on|in) (test_next|test)\b(?: ({_GROUP})\b)?")
_FIGURE = re.compile(rf"(?<![\w.])-?\d+\.\d{{{DIGITS + 1},}}(?![\w.])")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def criterion_title(name: str) -> str:
    plain = re.sub(r"\bus\b", "US", name.replace("-", " "))
    return CRITERIA.get(name, plain[:1].upper() + plain[1:])


def in_words(text: str) -> str:
    """``auroc on test_next us at least 0.86`` as ``AUROC on the newest quarter (United States) at least 0.86``.

    Long figures are rounded and digests cut, for reading; what is signed is ``text`` itself.
    """
    text = _MEASURE.sub(lambda found: MEASURES[found[0]].name, text)  # type: ignore[index]
    text = _PLACE.sub(_place, text)
    text = _FIGURE.sub(lambda found: f"{float(found[0]):.{DIGITS}f}", text)
    return _DIGEST.sub(lambda found: f"{found[0][:DIGEST_DIGITS]}…", text)


def _place(found: re.Match[str]) -> str:
    before, how, split, after = found.groups()
    place = f"{how} {WITHIN[split]}"  # type: ignore[index]
    group = f" ({SUBGROUPS[after]})" if after else ""  # type: ignore[index]
    return (f"{SUBGROUPS[before]} " if before else "") + place + group  # type: ignore[index]
