"""Limits from the server's environment."""

from __future__ import annotations

import pytest

from local_aws.services.job_settings import JobSettings, SettingError


def test_without_variables_the_limits_are_sagemakers() -> None:
    settings = JobSettings.from_environment({})
    assert (settings.job_slots, settings.stop_grace_seconds, settings.invocation_limit_seconds) == (1, 120, 60)


def test_variables_change_limits() -> None:
    settings = JobSettings.from_environment({"LOCAL_AWS_JOB_SLOTS": "2", "LOCAL_AWS_STOP_GRACE_SECONDS": "0.5"})
    assert (settings.job_slots, settings.stop_grace_seconds) == (2, 0.5)


def test_no_restarts_may_be_wanted() -> None:
    assert JobSettings.from_environment({"LOCAL_AWS_SERVER_RESTARTS": "0"}).server_restarts == 0


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_what_is_no_number_of_slots_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingError, match="LOCAL_AWS_JOB_SLOTS"):
        JobSettings.from_environment({"LOCAL_AWS_JOB_SLOTS": text})
