"""Read a curated row as the case report that was known at intake, and nothing more of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from vigil.cases.models import CaseReport


class IntakeError(ValueError):
    """A row is no case report; the message names the fields, as ``fields`` does, never their values."""

    def __init__(self, message: str, fields: list[str]) -> None:
        super().__init__(message)
        self.fields = fields


def case_report(row: Mapping[str, Any]) -> CaseReport:
    """The intake view of one row with curated columns (``vigil.cases.curation.CURATED_SCHEMA``).

    Columns that are not known at intake are left behind. Raises ``IntakeError``.
    """
    try:
        return CaseReport(
            case_id=str(row["case_id"]),
            reactions=tuple(row["reactions"] or ()),
            drugs=tuple(row["drugs"] or ()),
            age_years=row["age_years"],
            weight_kg=row["weight_kg"],
            sex=row["sex"],
            reporter_country=row["reporter_country"],
            reporter_occupation=row.get("reporter_occupation"),
            sender=row.get("sender"),
        )
    except KeyError as error:
        raise IntakeError(f"the row has no column {error}: curate the quarters again", [str(error.args[0])]) from error
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise IntakeError(f"case {row['case_id']} is no case report, see {', '.join(fields)}", fields) from None
