"""Types shared by everything that reads a case report."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Sex = Literal["F", "M"]


class CaseReport(BaseModel):
    """One case as it is known at intake: the only input that features are made from, in training and in service.

    ``reactions`` are MedDRA preferred terms, lower case, trimmed; ``age_years`` in years, ``weight_kg`` in kilograms.
    ``reporter_country``, ``reporter_occupation`` and ``sender`` are never features: they tell the channel, not the
    case. The first is kept for evaluation by region, all three so that monitoring sees when the channels change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # no patient's data in a log

    case_id: str
    reactions: tuple[str, ...] = Field(max_length=1000)
    drugs: tuple[str, ...] = Field(default=(), max_length=2000)
    age_years: float | None = Field(default=None, ge=0, le=150, allow_inf_nan=False)
    weight_kg: float | None = Field(default=None, ge=0, le=700, allow_inf_nan=False)
    sex: Sex | None = None
    reporter_country: str | None = Field(default=None, max_length=40)
    reporter_occupation: str | None = Field(default=None, max_length=40)
    sender: str | None = Field(default=None, max_length=200)
