"""What the functions and the state machines say to each other is the same on both sides, and they stay light."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from state_machine_text import StateMachine

from vigil.approvals.models import Facts, WaitMessage
from vigil.aws.baseline_pin import PinBaselineEvent
from vigil.aws.candidate_gate import GateEvent, GateResult
from vigil.aws.challenger import CompareEvent
from vigil.aws.deployment_waits import AwaitEvent, EndpointNow
from vigil.aws.drift_assessment import AssessEvent, Assessment
from vigil.aws.drift_failures import FailureEvent
from vigil.aws.endpoint_release import VerifyEvent
from vigil.aws.outcomes import OutcomeEvent
from vigil.aws.pinning import PinEvent, PinnedRun
from vigil.aws.registration import RegisterEvent
from vigil.aws.release_models import MarkActiveEvent, Release
from vigil.aws.retraining_request import AskEvent
from vigil.aws.rollback_pinning import PinnedRollback, PinRollbackEvent
from vigil.aws.smoke_test import SmokeTestEvent
from vigil.change_control.shadow import Judgement

TRAIN, UPDATE, DRIFT, ROLL_BACK = "train-and-promote", "update-endpoint", "retrain-on-drift", "roll-back"


@pytest.mark.parametrize(
    ("machine", "state", "event"),
    [
        (TRAIN, "PinRun", PinEvent), (TRAIN, "Gate", GateEvent), (TRAIN, "Register", RegisterEvent),
        (TRAIN, "RecordInService", OutcomeEvent), (TRAIN, "RecordFailure", OutcomeEvent),
        (UPDATE, "VerifyApproval", VerifyEvent), (UPDATE, "SmokeTest", SmokeTestEvent),
        (UPDATE, "MarkActive", MarkActiveEvent), (UPDATE, "RecordFailure", OutcomeEvent),
        (DRIFT, "Assess", AssessEvent), (DRIFT, "AskAirflow", AskEvent), (DRIFT, "LookAtRun", AskEvent),
        (DRIFT, "RecordFailure", FailureEvent),
        (UPDATE, "PinBaseline", PinBaselineEvent), (UPDATE, "JudgePaired", CompareEvent),
        (UPDATE, "CompareShadow", CompareEvent), (UPDATE, "AwaitShadow", AwaitEvent),
        (UPDATE, "AwaitDeployment", AwaitEvent), (UPDATE, "AwaitRestored", AwaitEvent),
        (ROLL_BACK, "PinRollback", PinRollbackEvent), (ROLL_BACK, "RecordInService", OutcomeEvent),
        (ROLL_BACK, "RecordFailure", OutcomeEvent),
    ],
)  # fmt: skip
def test_a_state_hands_its_function_exactly_the_fields_of_its_event(machine, state, event):
    assert set(StateMachine(machine).states[state]["Arguments"]["Payload"]) == set(event.model_fields)


@pytest.mark.parametrize("machine", [TRAIN, ROLL_BACK])
def test_the_wait_sends_exactly_the_fields_of_its_message(machine):
    body = StateMachine(machine).states["WaitForApproval"]["Arguments"]["MessageBody"]
    assert set(body) == set(WaitMessage.model_fields)


@pytest.mark.parametrize(
    ("machine", "variable", "model"),
    [
        (TRAIN, "run", PinnedRun),
        (TRAIN, "gate", GateResult),
        (UPDATE, "release", Release),
        (UPDATE, "judgement", Judgement),
        (UPDATE, "endpoint", EndpointNow),
        (ROLL_BACK, "run", PinnedRollback),
        (ROLL_BACK, "candidate", Facts),
    ],
)
def test_every_field_that_an_expression_reads_is_one_that_the_function_gives(machine, variable, model):
    read = set(re.findall(rf"\${variable}\.(\w+)", StateMachine(machine).text))
    assert read
    assert read <= set(model.model_fields)


def test_every_course_of_an_assessment_has_a_way(repository: Path):
    conditions = str(StateMachine(DRIFT).states["Course"]["Choices"])
    courses = Assessment.model_json_schema()["properties"]["course"]["enum"]
    assert set(re.findall(r"\$course = '([\w-]+)'", conditions)) == set(courses)


def test_the_candidates_fields_are_the_facts_after_registering():
    used = set(re.findall(r"\$candidate\.(\w+)", StateMachine(TRAIN).text))
    before_registering = {"training_job_arn", "model_uri", "evaluation_uri"}
    assert used - before_registering <= set(Facts.model_fields)


def test_the_functions_are_those_of_the_template(repository):
    template = (repository / "infra" / "template.yaml").read_text(encoding="utf-8")
    handlers = set(re.findall(r"Handler: tasks\.lambdas\.(\w+)\.handler", template))
    files = {path.stem for path in (repository / "tasks" / "lambdas").glob("*.py")} - {"__init__"}
    assert handlers == files


def test_an_entry_point_is_thin(repository):
    for path in (repository / "tasks" / "lambdas").glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, path.name
        assert ast.get_docstring(ast.parse("\n".join(lines))), path.name


def test_the_functions_import_nothing_heavy(repository: Path):
    names = [path.stem for path in (repository / "tasks" / "lambdas").glob("*.py") if path.stem != "__init__"]
    program = "import sys\n" + "".join(f"import tasks.lambdas.{name}\n" for name in names)
    heavy = {"numpy", "scipy", "pandas", "pyarrow", "xgboost", "sklearn", "duckdb", "typer", "rich", "Crypto", "jinja2"}
    program += f"print(sorted({heavy!r} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120, check=False)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
