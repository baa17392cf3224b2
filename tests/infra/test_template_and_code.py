"""Template and code agree: every name that the code reads is written, every function named is there."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloudformation_template import references, resources_of

from vigil.approvals.signer_map import SAME_NAMES
from vigil.aws import deployment
from vigil.aws.environment import StackParameters
from vigil.aws.history_archive import STATUS_CHANGE
from vigil.aws.images import PINNED, ImageNotPinnedError
from vigil.change_control.plan import load_plan
from vigil.executions.archive import STATUS_OF_END

Template = dict[str, Any]
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/vigil-ml@sha256:{'0a' * 32}"
MACHINES = {
    "TrainAndPromoteKey": "train-and-promote",
    "UpdateEndpointKey": "update-endpoint",
    "RetrainOnDriftKey": "retrain-on-drift",
    "RollBackKey": "roll-back",
}


def needed_parameters() -> set[str]:
    return {
        f"{group}/{name}".replace("_", "-")
        for group, field in StackParameters.model_fields.items()
        for name in field.annotation.model_fields  # type: ignore[union-attr]
    }


def test_every_name_the_code_reads_is_a_parameter_of_the_stack_and_no_other_is(template: Template) -> None:
    parameters = resources_of(template, "AWS::SSM::Parameter").values()
    written = {parameter["Name"]["Fn::Sub"].removeprefix("/vigil/${StackName}/") for parameter in parameters}
    assert written == needed_parameters()
    assert {parameter["Type"] for parameter in parameters} == {"String"}


def test_every_function_of_the_template_has_its_handler_and_every_handler_its_function(
    template: Template, repository: Path
) -> None:
    functions = resources_of(template, "AWS::Lambda::Function").values()
    handlers = {function["Handler"] for function in functions}
    modules = {path.stem for path in (repository / "tasks" / "lambdas").glob("*.py")} - {"__init__"}
    assert handlers == {f"tasks.lambdas.{module}.handler" for module in modules}
    for handler in handlers:
        module, _, function = handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function))
    for function in functions:
        module = function["Handler"].split(".")[2]
        assert function["FunctionName"] == {"Fn::Sub": f"vigil-${{StackName}}-{module.replace('_', '-')}"}
        assert function["Environment"] == {"Variables": {"VIGIL_STACK": {"Ref": "StackName"}}}


@pytest.mark.parametrize("key", MACHINES)
def test_every_placeholder_of_a_state_machine_is_filled_and_none_is_left_over(
    template: Template, repository: Path, key: str
) -> None:
    text = (repository / "statemachines" / f"{MACHINES[key]}.asl.json").read_text()
    machines = resources_of(template, "AWS::StepFunctions::StateMachine").values()
    (machine,) = [each for each in machines if each["DefinitionS3Location"]["Key"] == {"Ref": key}]
    assert set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", text))
    assert machine["StateMachineName"] == {"Fn::Sub": f"vigil-${{StackName}}-{MACHINES[key]}"}


@pytest.mark.parametrize("key", MACHINES)
def test_a_state_machine_may_call_exactly_the_functions_that_its_states_name(
    template: Template, repository: Path, key: str
) -> None:
    machines = resources_of(template, "AWS::StepFunctions::StateMachine").values()
    (machine,) = [each for each in machines if each["DefinitionS3Location"]["Key"] == {"Ref": key}]
    used = {
        name
        for value in machine["DefinitionSubstitutions"].values()
        for name in references(value)
        if name.endswith("Function")
    }
    policy = template["Resources"][f"{machine['RoleArn']['Fn::GetAtt'][0].removesuffix('Role')}Policy"]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    allowed = [references(each["Resource"]) for each in statements if each["Action"] == ["lambda:InvokeFunction"]]
    assert allowed == [used]


def test_a_task_of_a_state_machine_waits_longer_than_its_function_may_take(
    template: Template, repository: Path
) -> None:
    timeouts = {f"{name}Arn": each["Timeout"] for name, each in resources_of(template, "AWS::Lambda::Function").items()}
    for name in MACHINES.values():
        states = json.loads((repository / "statemachines" / f"{name}.asl.json").read_text())["States"]
        for state_name, state in states.items():
            if state.get("Resource", "").endswith("lambda:invoke"):
                function = state["Arguments"]["FunctionName"].strip("${}")
                assert state["TimeoutSeconds"] > timeouts[function], state_name


def test_the_deployer_fills_exactly_the_parameters_that_have_no_default(template: Template) -> None:
    settings = deployment.StackSettings(
        stack="x", registry_url="file:///r", code_revision="r", image=IMAGE, plan_changed_by="x"
    )
    own = set(deployment._parameters(settings))
    uploaded = {"LambdaCodeKey", "GlueScriptKey", "GlueLibraryKey", *deployment.STATE_MACHINES, "CodeBucket"}
    required = {name for name, each in template["Parameters"].items() if "Default" not in each}
    assert own | uploaded == required


@pytest.mark.parametrize("image", ["vigil-ml", "r/vigil-ml:latest", "r/vigil-ml@sha256:0a", f"{IMAGE}0", IMAGE.upper()])
def test_an_image_that_is_not_named_by_its_digest_is_refused_by_deployer_and_template(
    template: Template, image: str
) -> None:
    settings = deployment.StackSettings(
        stack="x", registry_url="file:///r", code_revision="r", image=image, plan_changed_by="x"
    )
    with pytest.raises(ImageNotPinnedError, match="give the pushed image's digest"):
        deployment._parameters(settings)
    pattern = template["Parameters"]["MlImage"]["AllowedPattern"]
    assert (pattern, re.fullmatch(pattern, image)) == (PINNED, None)
    assert re.fullmatch(pattern, IMAGE)


def test_a_map_of_signers_that_the_pages_could_not_use_is_refused_before_anything_is_deployed(
    template: Template,
) -> None:
    made = {"stack": "x", "registry_url": "file:///r", "code_revision": "r", "image": IMAGE, "plan_changed_by": "x"}
    with pytest.raises(deployment.DeploymentError, match=r"AirflowSigners .* two users of Airflow"):
        deployment.StackSettings(**made, airflow_signers='{"ana": "ana", "dora": "ana"}')
    parameter = template["Parameters"]["AirflowSigners"]
    assert parameter["Default"] == SAME_NAMES
    for good in (SAME_NAMES, "{}", '{"ana": "ana"}'):
        deployment.StackSettings(**made, airflow_signers=good)
        assert re.fullmatch(parameter["AllowedPattern"], good)


def test_the_glue_job_gets_the_libraries_that_its_requirements_name(template: Template, repository: Path) -> None:
    (job,) = resources_of(template, "AWS::Glue::Job").values()
    lines = (repository / "requirements" / "glue.in").read_text().splitlines()
    wanted = {line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()}
    assert set(job["DefaultArguments"]["--additional-python-modules"].split(",")) == wanted


def assert_runs_each_minute(template: Template, rule: str, function: str) -> None:
    found = resources_of(template, "AWS::Events::Rule")[rule]
    assert found["ScheduleExpression"] == "rate(1 minute)"
    assert [references(target["Arn"]) for target in found["Targets"]] == [{function}]
    permissions = resources_of(template, "AWS::Lambda::Permission").values()
    (permission,) = [each for each in permissions if rule in references(each["SourceArn"])]
    assert references(permission["FunctionName"]) == {function}


def test_reminders_are_looked_for_each_minute(template: Template) -> None:
    assert_runs_each_minute(template, "ReminderSchedule", "RemindApproversFunction")


def test_decisions_reach_deliver_decision_by_the_stream_and_by_the_minutes_sweep(template: Template) -> None:
    assert_runs_each_minute(template, "DecisionSweep", "DeliverDecisionFunction")
    mapped = {
        tuple(references(mapping["EventSourceArn"]) | references(mapping["FunctionName"]))
        for mapping in resources_of(template, "AWS::Lambda::EventSourceMapping").values()
    }
    assert {frozenset(pair) for pair in mapped} == {
        frozenset({"TrainModelQueue", "TrainModelHandlerFunction"}),
        frozenset({"TrainingResultsQueue", "OpenApprovalFunction"}),
        frozenset({"TrainingResultsDeadLetters", "FailWaitFunction"}),
        frozenset({"ApprovalsTable", "DeliverDecisionFunction"}),
    }


def test_the_user_pool_has_a_group_for_each_role_that_the_plan_lets_sign(template: Template, repository: Path) -> None:
    groups = {group["GroupName"] for group in resources_of(template, "AWS::Cognito::UserPoolGroup").values()}
    assert groups == set(load_plan(repository / "change_control" / "plan.yaml").modification_protocol.approval.groups)


def test_the_end_of_an_execution_of_every_machine_reaches_the_archive_and_so_does_an_hourly_look(
    template: Template,
) -> None:
    rules = resources_of(template, "AWS::Events::Rule")
    targets = {name: references(rule["Targets"][0]["Arn"]) for name, rule in rules.items()}
    ours = {name for name, target in targets.items() if target == {"ArchiveHistoryFunction"}}
    assert ours == {"ExecutionEnded", "HistorySweep"}
    pattern = rules["ExecutionEnded"]["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == (["aws.states"], [STATUS_CHANGE])
    assert set(pattern["detail"]["status"]) == set(STATUS_OF_END.values())
    machines = {name for value in pattern["detail"]["stateMachineArn"] for name in references(value)}
    assert machines == set(resources_of(template, "AWS::StepFunctions::StateMachine"))
    permitted = {
        next(iter(references(each["SourceArn"])))
        for each in resources_of(template, "AWS::Lambda::Permission").values()
        if references(each["FunctionName"]) == {"ArchiveHistoryFunction"}
    }
    assert permitted == ours


def test_the_archive_may_read_and_list_the_executions_of_every_machine_of_the_template(template: Template) -> None:
    machines = resources_of(template, "AWS::StepFunctions::StateMachine")
    policy = resources_of(template, "AWS::IAM::ManagedPolicy")["ArchiveHistoryPolicy"]["PolicyDocument"]
    by_action = {action: each["Resource"] for each in policy["Statement"] for action in each["Action"]}
    assert references(by_action["states:ListExecutions"]) == set(machines)
    names = {machine["StateMachineName"]["Fn::Sub"] for machine in machines.values()}
    for action in ("states:DescribeExecution", "states:GetExecutionHistory"):
        assert {each["Fn::Sub"].split(":")[-2] for each in by_action[action]} == names


def test_an_end_that_could_not_be_archived_however_often_it_was_tried_is_kept_as_a_dead_letter(
    template: Template,
) -> None:
    config = resources_of(template, "AWS::Lambda::EventInvokeConfig")["ArchiveHistoryOnFailure"]
    assert references(config["FunctionName"]) == {"ArchiveHistoryFunction"}
    assert references(config["DestinationConfig"]) == {"UnhandledEventsDeadLetters"}
    role = resources_of(template, "AWS::IAM::Role")["ArchiveHistoryRole"]
    assert "UnhandledEventsPolicy" in references(role["ManagedPolicyArns"])
