import pytest

from vigil.cases.intake import IntakeError, case_report
from vigil.cases.models import CaseReport

ROW = {
    "case_id": 7, "reactions": ["nausea"], "drugs": None, "age_years": 61.0, "weight_kg": None, "sex": "F",
    "reporter_country": "US", "serious": True, "outcomes": ["DE"], "report_code": "EXP",
}  # fmt: skip


def test_a_curated_row_becomes_what_was_known_at_intake():
    assert case_report(ROW) == CaseReport(
        case_id="7", reactions=("nausea",), age_years=61.0, sex="F", reporter_country="US"
    )


def test_a_row_that_is_no_report_is_named_without_its_values():
    with pytest.raises(IntakeError, match="case 7 is no case report, see age_years") as caught:
        case_report({**ROW, "age_years": 987.5})
    assert "987.5" not in str(caught.value)


def test_a_missing_column_is_named():
    with pytest.raises(IntakeError, match="no column 'sex'"):
        case_report({name: value for name, value in ROW.items() if name != "sex"})
