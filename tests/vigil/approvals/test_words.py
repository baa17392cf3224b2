"""One vocabulary: identifiers of an evaluation and of the gate's criteria as people read them."""

from __future__ import annotations

from typing import get_args

import pytest
from candidate_evidence import passing_evaluation, real_plan

from vigil.approvals import words
from vigil.change_control.gate import judge
from vigil.models.models import MeasureName, Split, Subgroup


def test_every_name_of_an_evaluation_has_its_words() -> None:
    assert set(words.SPLITS) == set(words.WITHIN) == set(get_args(Split))
    assert set(words.SUBGROUPS) == set(get_args(Subgroup))
    assert set(words.MEASURES) == set(get_args(MeasureName))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("auroc on test_next at least 0.88", "AUROC on the newest quarter at least 0.88"),
        ("auroc on test at least 0.88", "AUROC on unseen cases of the training quarters at least 0.88"),
        ("auroc on test_next us at least 0.86", "AUROC on the newest quarter (United States) at least 0.86"),
        (
            "auroc on test_next, candidate minus baseline, at least -0.005",
            "AUROC on the newest quarter, candidate minus baseline, at least -0.005",
        ),
        ("0.886123 on test_next", "0.8861 on the newest quarter"),
        ("-0.012345", "-0.0123"),
        ("missing: age_0_17 in test", "missing: 0 to 17 years in unseen cases of the training quarters"),
        ("a" * 64, "aaaaaaaaaaaa…"),
        ("0.712345 by reac_test", "0.7123 by reac_test"),
        ("only age_years, sex, us, test", "only age_years, sex, us, test"),  # names of fields are no splits
        ("1.123456.7", "1.123456.7"),
    ],
)
def test_a_criterion_reads_in_words(text: str, read: str) -> None:
    assert words.in_words(text) == read


def test_each_criterion_of_the_gate_that_the_plan_does_not_name_has_a_title() -> None:
    plan = real_plan()
    evaluation = passing_evaluation(plan)
    named = {limit.name for limit in plan.protocol.acceptance[evaluation.profile].limits}
    assert set(words.CRITERIA) == {each.name for each in judge(evaluation, plan).criteria} - named
    assert words.criterion_title("discrimination-us") == "Discrimination US"
