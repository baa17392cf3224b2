"""What happens where AWS's table of actions is not installed: it is an extra of the package."""

from __future__ import annotations

import pytest

from local_aws.access import action_table
from local_aws.access.authorization import mode_of
from local_aws.settings import SettingError


def test_a_server_that_could_judge_no_call_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action_table, "find_spec", lambda name: None)
    assert mode_of("off") == "off"
    with pytest.raises(SettingError, match=r"pip install 'local-aws\[iam\]'"):
        mode_of("enforce")
