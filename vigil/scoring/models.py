"""What the endpoint takes and gives."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from vigil.cases.models import CaseReport

Band = Literal["high", "medium", "low"]

MOST_CASES = 500  # in one request: some 5 s of work on one core, well within an invocation's 60 s


class ScoreRequest(BaseModel):
    """One invocation's cases, at least one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    cases: tuple[CaseReport, ...]


class TermEffect(BaseModel):
    """``term``: a reported reaction, or age, weight, sex, number of reactions, number of drugs.

    ``effect``: what it adds to the log-odds of being serious, against the average training case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str
    effect: float


class CaseScore(BaseModel):
    """``probability`` of being serious; ``uncertainty``: standard deviation of the members' probabilities, 0 to 0.5."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case_id: str
    probability: float
    uncertainty: float
    band: Band
    terms: tuple[TermEffect, ...]


class ScoreResponse(BaseModel):
    """Results in the order of the request's cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_digest: str
    results: tuple[CaseScore, ...]
