"""What every state machine must look like, and its calls against the services' own models."""

import copy
import re

import pytest
import yaml
from jsonata import Jsonata
from state_machine_text import FOLDER, NAMES, CallChecker, StateMachine, expression, is_expression, texts

from local_aws.services.states.definitions.check import check

CHECKER = CallChecker()
JOB_NAME = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")  # TrainingJobName, ModelName, …: SageMaker API reference


def test_the_definition_is_one_that_creation_accepts(machine):
    values = {
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
        "AlarmName": "an-alarm",
        "TableName": "a-table",
    }
    filled = machine.text
    for name in machine.placeholders:
        (ending,) = [ending for ending in values if name.endswith(ending)]
        filled = filled.replace(f"${{{name}}}", values[ending])
    check(filled)


def test_every_state_can_be_reached_and_every_edge_leads_to_a_state(machine):
    assert machine.reachable() == set(machine.states)


def test_every_task_has_a_timeout(machine):
    for name, state in machine.of_type("Task").items():
        assert state.get("TimeoutSeconds"), name


def test_every_retry_has_a_limit_a_ceiling_and_names_what_passes_by_itself(machine):
    for name, state in machine.of_type("Task").items():
        assert state["Retry"], name
        for retry in state["Retry"]:
            if retry["ErrorEquals"] == ["UpdateRunningError"]:
                continue  # nothing failed: it waits its turn, see test_turns.py
            assert 1 <= retry["MaxAttempts"] <= 8, name
            assert retry["MaxDelaySeconds"] <= 120, name
            assert not [error for error in retry["ErrorEquals"] if error.startswith("States.")], name


RECORDING = {
    "PinRun", "Gate", "Register", "RecordInService", "RecordFailure", "VerifyApproval", "MarkActive",
    "Assess", "AskAirflow", "PinRollback",
}  # fmt: skip
RECORDING |= {"PinBaseline", "JudgePaired", "CompareShadow"}


def test_every_step_that_is_recorded_in_the_ledger_is_retried_while_it_cannot_be(machine):
    for name, state in machine.of_type("Task").items():
        retried = "LedgerUnavailableError" in str(state["Retry"])
        assert retried == (name in RECORDING), name


def test_every_task_catches_everything_at_the_end(machine):
    for name, state in machine.of_type("Task").items():
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_every_choice_has_a_default(machine):
    for name, state in machine.of_type("Choice").items():
        assert "Default" in state, name


def test_every_loop_counts_its_turns(machine):
    """A loop goes through a Wait; the choice that closes it gives up after a number of turns."""
    for name in machine.of_type("Wait"):
        if name not in machine.reachable(start=machine.states[name]["Next"]):
            continue
        closing = machine.leading_to(name) & set(machine.of_type("Choice"))
        assert closing, name
        for choice in closing:
            conditions = [each["Condition"] for each in machine.states[choice]["Choices"]]
            assert any("$checks >= 120" in condition for condition in conditions), choice


def test_jsonata_throughout_and_no_intrinsic_function(machine):
    assert machine.definition["QueryLanguage"] == "JSONata"
    for forbidden in ('QueryLanguage": "JSONPath', '.$"', "States.Format", "States.Json", "States.Array", "$eval"):
        assert forbidden not in machine.text.replace(": ", ": ")
    assert not re.search(r"States\.(?!ALL|Timeout|TaskFailed)", machine.text)


def test_every_expression_parses(machine):
    expressions = [expression(text) for text in texts(machine.definition) if is_expression(text)]
    assert len(expressions) > 40
    for each in expressions:
        Jsonata(each)


def test_no_expression_reads_a_variable_that_some_course_leaves_unset(machine):
    for name in machine.states:
        unset = machine.used(name) - machine.assigned[name]
        assert not unset, f"{name} reads {sorted(unset)}"


def test_every_call_fits_the_services_model(machine):
    for name, state in machine.of_type("Task").items():
        assert CHECKER.problems(state) == [], name


def broken(path, value):
    """The training call with one field changed; ``...`` takes it away."""
    state = copy.deepcopy(StateMachine("train-and-promote").states["Train"])
    *folders, last = path
    place = state
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return state


@pytest.mark.parametrize(
    "state",
    [
        broken(["Resource"], "arn:aws:states:::sagemaker:createTrainingJobs.sync"),
        broken(["Resource"], "arn:aws:states:::sagemaker:createTrainingJob.waitForTaskToken"),
        broken(["Arguments", "RoleArn"], ...),
        broken(["Arguments", "Rolle"], "x"),
        broken(["Arguments", "ResourceConfig", "InstanceCount"], "one"),
        broken(["Arguments", "AlgorithmSpecification", "TrainingInputMode"], "Files"),
        broken(["Arguments", "StoppingCondition", "MaxRuntimeInSeconds"], 0),
    ],
    ids=["operation", "pattern", "missing", "unknown", "type", "enum", "range"],
)
def test_the_call_checker_finds_a_mistake(state):
    assert CHECKER.problems(state)


@pytest.mark.parametrize(
    ("machine_name", "state", "field"),
    [
        ("train-and-promote", "Train", "TrainingJobName"),
        ("train-and-promote", "Evaluate", "ProcessingJobName"),
        ("update-endpoint", "CreateModel", "ModelName"),
        ("update-endpoint", "CreateEndpointConfig", "EndpointConfigName"),
        ("update-endpoint", "CreateShadowConfig", "EndpointConfigName"),
        ("update-endpoint", "ComputeBaseline", "ProcessingJobName"),
        ("update-endpoint", "PairedTest", "ProcessingJobName"),
    ],
)
def test_names_fit_sagemaker_and_differ_for_each_attempt(machine_name, state, field):
    text = expression(StateMachine(machine_name).states[state]["Arguments"][field])
    names = set()
    for execution in ("x" * 80, "manual__2026-03-02T09:30:00+00:00_é", "a"):
        for redrive, retry in ((None, 0), (0, 1), (2, 8)):
            context = {"Execution": {"Name": execution}, "State": {"RetryCount": retry}}
            if redrive is not None:
                context["Execution"]["RedriveCount"] = redrive
            compiled = Jsonata(text)
            compiled.assign("states", {"context": context})
            compiled.assign("run", {"key": "0" * 12})
            compiled.assign("release", {"key": "0" * 12})
            compiled.assign("name", f"vigil-{'a' * 12}-{'0' * 12}")
            names.add(name := compiled.evaluate({}))
            assert JOB_NAME.match(name), name
    assert len(names) >= 3


def test_the_readme_draws_every_state_and_lists_every_placeholder(machine):
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"\w+", readme))
    assert set(machine.states) <= drawn
    assert machine.placeholders <= drawn


def test_the_template_fills_exactly_the_placeholders(repository):
    template = yaml.load((repository / "infra" / "template.yaml").read_text(encoding="utf-8"), _Tolerant)
    filled = {
        name: set(resource["Properties"]["DefinitionSubstitutions"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    }
    wanted = {name: StateMachine(name).placeholders for name in NAMES}
    assert filled == {
        "TrainAndPromoteStateMachine": wanted["train-and-promote"],
        "UpdateEndpointStateMachine": wanted["update-endpoint"],
        "RetrainOnDriftStateMachine": wanted["retrain-on-drift"],
        "RollBackStateMachine": wanted["roll-back"],
    }


class _Tolerant(yaml.CSafeLoader):
    """Reads CloudFormation's short forms (``!Ref``, ``!Sub``, …) as text."""


_Tolerant.add_multi_constructor("!", lambda loader, suffix, node: suffix)
