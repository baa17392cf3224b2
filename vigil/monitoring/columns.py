"""The columns of what a monitor sees: what a case told at intake, and what the model answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``inferred_type`` of SageMaker Model Monitor's statistics and constraints.
ColumnType = Literal["Integral", "Fractional", "String"]

#: A sketch of text values is exact up to three quarters of two to this power, and small beyond.
FEW_VALUES = 10  # 768 values: codes of countries, occupations, sexes, bands
MANY_VALUES = 15  # 24,576 values: terms, drugs and senders of a quarter


@dataclass(frozen=True)
class Column:
    """``many``: a case may hold several values, each at most once. ``capacity``: power of two of a text sketch."""

    name: str
    type: ColumnType
    many: bool = False
    capacity: int = FEW_VALUES

    @property
    def is_number(self) -> bool:
        return self.type != "String"


COLUMNS: tuple[Column, ...] = (
    Column("age_years", "Fractional"),
    Column("weight_kg", "Fractional"),
    Column("sex", "String"),
    Column("reporter_country", "String"),
    Column("reporter_occupation", "String"),
    Column("sender", "String", capacity=MANY_VALUES),
    Column("reactions", "String", many=True, capacity=MANY_VALUES),
    Column("drugs", "String", many=True, capacity=MANY_VALUES),
    Column("reaction_count", "Integral"),
    Column("drug_count", "Integral"),
    Column("probability", "Fractional"),
    Column("uncertainty", "Fractional"),
    Column("band", "String"),
)

BY_NAME = {column.name: column for column in COLUMNS}
