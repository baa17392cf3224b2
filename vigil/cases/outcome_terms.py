"""Reaction terms that restate the outcome: they are the label in other words, so they never become features.

FAERS codes a fatal course both as an OUTC row and, often, as the reaction "Death": in the 2023 reports all 398 cases
that carry that term are serious. A model that reads it triages nothing.
"""

from __future__ import annotations

import re

# One of these words anywhere in a preferred term makes the whole term an outcome ("foetal death", "hospice care").
OUTCOME_WORDS = frozenset(
    {
        "dead",
        "death",
        "deaths",
        "disability",
        "died",
        "euthanasia",
        "fatal",
        "hospice",
        "hospitalisation",
        "hospitalization",
        "hospitalised",
        "hospitalized",
        "mortality",
        "stillbirth",
    }
)

# Terms whose words alone do not tell: seriousness criteria and their absence, as MedDRA preferred terms in lower case.
OUTCOME_TERMS = frozenset(
    {
        "assisted suicide",
        "completed suicide",
        "congenital anomaly",
        "emergency care",
        "emergency care examination",
        "intensive care",
        "intensive care unit acquired weakness",
        "life support",
        "no adverse event",
        "palliative care",
        "resuscitation",
        "terminal state",
    }
)

_WORD = re.compile(r"[a-z0-9]+")


def normalise_term(term: str) -> str:
    """Lower case, single blanks: the form in which a reaction term is looked up, at training and in service."""
    return " ".join(term.lower().split())


def words_of(term: str) -> list[str]:
    """The words of a normalised term, in order, punctuation dropped."""
    return _WORD.findall(term)


def is_outcome_term(term: str) -> bool:
    """Whether a normalised term says how the case ended rather than what happened."""
    return term in OUTCOME_TERMS or not OUTCOME_WORDS.isdisjoint(words_of(term))
