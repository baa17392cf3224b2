"""Drift, end to end: `vigil demo-drift` on the stack that the main job left, as a person runs it; then the way back.

The quarter that drifts is synthetic, and no quality profile lets one follow real quarters: on a stack that the main job
filled with real reports these tests skip. ``VIGIL_E2E_STATE`` names a demo on synthetic quarters to run them on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running_stack import APPROVE_AS, RunningStack, await_value

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

# It takes some four minutes on two idle cores; a developer's may be busy.
DRIFT_LIMIT_SECONDS = 1500


@pytest.fixture(scope="module")
def served_before(running_stack: RunningStack) -> dict[str, Any]:
    profiles = {each["profile"] for each in listed(running_stack, "datasets", "list")}
    if "openfda-sample" in profiles:
        pytest.skip("the stack holds real reports: a synthetic quarter cannot follow them under one quality profile")
    return endpoint_of(running_stack)


@pytest.fixture(scope="module")
def drifted(
    running_stack: RunningStack, served_before: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The output of the drift demo, which ended well."""
    output = tmp_path_factory.mktemp("drift") / "demo-drift.log"
    command = [str(Path(sys.executable).parent / "vigil"), "demo-drift", "--approve-as", APPROVE_AS]
    command += ["--state-dir", str(running_stack.state_dir)]
    with output.open("w") as log:
        ended = subprocess.run(
            command, cwd=running_stack.repository, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=DRIFT_LIMIT_SECONDS, check=False,
        )  # fmt: skip
    assert ended.returncode == 0, output.read_text()[-6000:]
    return output.read_text()


def test_drift_is_decided_on_once_for_each_window_and_one_retraining_follows(
    running_stack: RunningStack, drifted: str
) -> None:
    decisions = listed(running_stack, "drift", "list")
    assert len({each["decision_id"] for each in decisions}) == len(decisions) >= 1
    retrained = [each for each in decisions if each["decide"] == "retrain"]
    assert len(retrained) == 1, decisions
    (decision,) = retrained
    assert decision["report"]["violations"] and decision["new_data"]["cases"] >= 500
    assert all(each["because"] != "rule" or each["wanted"] != "retrain" for each in decisions if each is not decision)
    runs = running_stack.client("stepfunctions").list_executions(
        stateMachineArn=running_stack.parameter("state-machines/retrain-on-drift")
    )["executions"]
    assert {each["status"] for each in runs} == {"SUCCEEDED"}


def test_the_retrained_model_serves_after_signatures_and_no_client_noticed(
    running_stack: RunningStack, served_before: dict[str, Any], drifted: str
) -> None:
    now = endpoint_of(running_stack)
    assert now["active_package"] not in (None, served_before["active_package"])
    assert now["baseline_digest"] not in (None, served_before["baseline_digest"])
    request = next(each for each in running_stack.requests() if each["request_id"] == now["approval_request_id"])
    assert [each["meaning"] for each in request["signatures"]] == ["reviewed", "approved"]
    assert request["facts"]["requested_by"].startswith("airflow:drift:")
    assert " 0 failed, answered by 2 models." in drifted


def test_the_model_before_comes_back_by_signatures_and_the_ledger_holds(
    running_stack: RunningStack, served_before: dict[str, Any], drifted: str
) -> None:
    user = running_stack.signers[0].user
    given = ("--user", user, "--password-file", str(running_stack.password_file(user)), "--reason", "a test goes back")
    package = served_before["active_package"]
    asked = json.loads(running_stack.vigil("models", "rollback", package, *given, "--json").stdout)
    running_stack.approve(asked["request_id"])
    ended = running_stack.await_end(asked["execution_arn"])
    assert ended["status"] == "SUCCEEDED", ended

    def back() -> bool | None:
        return endpoint_of(running_stack)["active_package"] == served_before["active_package"] or None

    assert await_value(back, "the model before", 60)
    assert endpoint_of(running_stack)["baseline_digest"] == served_before["baseline_digest"]
    assert "holds" in running_stack.vigil("audit", "verify").stdout


def endpoint_of(stack: RunningStack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.vigil("models", "list", "--json").stdout)["endpoint"]
    return found


def listed(stack: RunningStack, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stack.vigil(*words, "--json").stdout)
    return found
