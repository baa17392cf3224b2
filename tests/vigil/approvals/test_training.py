from datetime import timedelta

import pytest
from candidate_evidence import real_plan
from people_fakes import NOW, ROLE, person

from vigil.approvals.errors import NotEntitledError, TrainingExpiredError
from vigil.approvals.training import require_training

RULES = real_plan().protocol.approval
LAST = NOW + timedelta(days=RULES.training_valid_days)


def test_training_counts_for_as_long_as_the_plan_says():
    require_training(person("ana"), ROLE, RULES, LAST - timedelta(seconds=1))
    with pytest.raises(TrainingExpiredError, match=r"vigil people train ana --role model-owner"):
        require_training(person("ana"), ROLE, RULES, LAST)


def test_training_for_one_role_is_none_for_another():
    with pytest.raises(NotEntitledError, match="does not have the role quality-assurance"):
        require_training(person("ana"), "quality-assurance", RULES, NOW)
