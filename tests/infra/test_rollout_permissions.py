"""What the steps of a roll-out may write: these tests read the policies."""

from __future__ import annotations

from typing import Any

import pytest
from cloudformation_template import statements, who_may


@pytest.mark.parametrize("policy", ["PinBaselinePolicy", "CompareChallengerPolicy"])
def test_a_note_on_a_model_package_cannot_say_what_serves(template: dict[str, Any], policy: str) -> None:
    (statement,) = [
        each for name, each in statements(template) if name == policy and "dynamodb:UpdateItem" in each["Action"]
    ]
    assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["arn:*:model-package/*"]}}


def test_only_who_verifies_signatures_may_stop_an_update_besides_those_that_started_it(
    template: dict[str, Any],
) -> None:
    assert "VerifyApprovalPolicy" in who_may(template, "states:StopExecution")
