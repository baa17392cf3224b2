"""What staging an archive counted, apart from the code that parses: records are read where no parser is installed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

REJECTS_FILE = "rejects.jsonl"


class TableCounts(BaseModel):
    """What parsing one file gave: ``lines`` (without the header) = ``rows`` + ``rejects``."""

    model_config = ConfigDict(frozen=True)

    file: str
    lines: int
    rows: int
    rejects: int
    latin1_lines: int = 0
    repeats: int = 0  # of the rejects, those whose report the table has already


class StagedArchive(BaseModel):
    """One archive's counts. ``tables`` also has the list of deleted cases, as ``DELETED``, where there is one."""

    model_config = ConfigDict(frozen=True)

    name: str
    quarter: str
    vintage: str
    tables: dict[str, TableCounts]
