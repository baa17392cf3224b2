"""Settings come from the environment; what cannot be used is refused by name, by the server's start too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws import settings
from local_aws.settings import JobSettings, SettingError, StatesSettings


def test_without_variables_the_limits_are_sagemakers() -> None:
    jobs = JobSettings.from_environment({})
    assert (jobs.job_slots, jobs.stop_grace_seconds, jobs.invocation_limit_seconds) == (1, 120, 60)


def test_variables_change_settings() -> None:
    jobs = JobSettings.from_environment({"LOCAL_AWS_JOB_SLOTS": "2", "LOCAL_AWS_STOP_GRACE_SECONDS": "0.5"})
    assert (jobs.job_slots, jobs.stop_grace_seconds) == (2, 0.5)


def test_no_restarts_may_be_wanted() -> None:
    assert JobSettings.from_environment({"LOCAL_AWS_SERVER_RESTARTS": "0"}).server_restarts == 0


def test_an_empty_variable_counts_as_unset() -> None:
    assert JobSettings.from_environment({"LOCAL_AWS_JOB_SLOTS": ""}) == JobSettings()


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        *[("JOB_SLOTS", text, "a whole number greater than zero") for text in ("0", "-1", "two", "1.5")],
        *[("STOP_GRACE_SECONDS", text, "a number greater than zero") for text in ("0", "nan", "inf")],
        *[("CHECKPOINT_ENTRIES", text, "a whole number of zero or more") for text in ("many", "-1")],
        *[("CALLS_KEPT", text, "a whole number greater than zero") for text in ("0", "many", "-5")],
        *[("OPEN_EXECUTIONS", text, "a whole number greater than zero") for text in ("0", "-1", "many")],
        ("MAP_CONCURRENCY", "none", "a whole number greater than zero"),
        ("IAM", "yes", "one of off, record, enforce"),
        ("KILL_AT", "answer:soon", "the name of a place, or name:count"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(name: str, text: str, wanted: str) -> None:
    with pytest.raises(SettingError, match=f"^LOCAL_AWS_{name}='{text}': give {wanted}, or unset it$"):
        settings.lines({f"LOCAL_AWS_{name}": text})


def test_the_list_has_every_variable_once_with_the_value_in_force() -> None:
    lines = settings.lines({"LOCAL_AWS_CHECKPOINT_ENTRIES": "12"})
    assert lines[0] == "LOCAL_AWS_CHECKPOINT_ENTRIES=12  changes in the journal before a checkpoint (default 500)"
    names = [line.partition("=")[0] for line in lines]
    assert len(names) == len(set(names)) == sum(len(vars(group())) for group in settings.GROUPS)


def test_the_server_does_not_start_with_a_setting_it_cannot_use(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "local_aws", "start", "--state-dir", str(tmp_path / "state")],
        env={**os.environ, "LOCAL_AWS_SPARK_THREADS": "all"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "local_aws: LOCAL_AWS_SPARK_THREADS='all': give a whole number greater than zero, or unset it\n"
    )
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("limit", "variable", "expected"), [(0, None, 40), (3, None, 3), (500, None, 40), (0, "7", 7)])
def test_children_of_a_map_run_at_once(limit: int, variable: str | None, expected: int) -> None:
    environment = {} if variable is None else {"LOCAL_AWS_MAP_CONCURRENCY": variable}
    assert StatesSettings.from_environment(environment).children_at_once(limit) == expected


def test_open_executions_are_as_many_as_aws_allows_unless_set() -> None:
    assert StatesSettings.from_environment({}).open_executions == 1_000_000
    assert StatesSettings.from_environment({"LOCAL_AWS_OPEN_EXECUTIONS": "7"}).open_executions == 7
