"""Who may do what about monitoring and drift. IAM is not enforced on one machine: these tests read the policies."""

from __future__ import annotations

from typing import Any

from cloudformation_template import references, resources_of, statements

Template = dict[str, Any]


def test_drift_changes_nothing_that_serves(template: Template) -> None:
    """The machine's role, those of its functions and of the override: no call of SageMaker, no other machine."""
    roles = resources_of(template, "AWS::IAM::Role")
    machine = resources_of(template, "AWS::StepFunctions::StateMachine")["RetrainOnDriftStateMachine"]
    of_machine = machine["RoleArn"]["Fn::GetAtt"][0].removesuffix("Role")
    called = {name.removesuffix("Function") for name in references(machine["DefinitionSubstitutions"])}
    allowed = []
    for name in {of_machine, "OverrideDrift", "DriftFound", *called}:
        policies = references(roles[f"{name}Role"]["ManagedPolicyArns"])
        allowed += [each for policy, each in statements(template) if policy in policies]
    actions = {action for each in allowed for action in each["Action"]}
    assert not {action for action in actions if action.startswith(("sagemaker:", "iam:", "cloudformation:"))}
    started = [references(each["Resource"]) for each in allowed if "states:StartExecution" in each["Action"]]
    assert all(each == {"RetrainOnDriftStateMachine"} for each in started)
    invoked = [references(each["Resource"]) for each in allowed if "lambda:InvokeFunction" in each["Action"]]
    assert invoked == [{f"{name}Function" for name in called}]
    writing = [each["Resource"] for each in allowed if "dynamodb:PutItem" in each["Action"]]
    written = set().union(*(references(each) for each in writing))
    assert written == {"MonitoringTable", "LedgerTable", "PeopleTable"}, "people: the count of failed sign-ins"
    assert not {"s3:PutObject", "dynamodb:UpdateItem", "states:SendTaskSuccess", "kms:Sign"} & actions


def test_who_writes_to_the_monitoring_table_writes_of_the_endpoint_or_waits_and_never_both(template: Template) -> None:
    """Waits hold task tokens, decisions what is retrained: they share a table, and no writer."""
    keys = {}
    for name, statement in statements(template):
        if "dynamodb:PutItem" in statement["Action"] and "MonitoringTable" in references(statement["Resource"]):
            ((_, condition),) = statement["Condition"].items()
            keys[name.removesuffix("Policy")] = condition["dynamodb:LeadingKeys"]
    own = [{"Fn::Sub": "vigil-${StackName}-triage"}]
    assert keys == {"AwaitDeployment": ["waits:*"]} | dict.fromkeys(
        ("AssessDrift", "AskForRetraining", "OverrideDrift", "RecordWindow"), own
    )


def test_only_the_rule_and_an_override_start_retrain_on_drift(template: Template) -> None:
    starters = {
        name
        for name, statement in statements(template)
        if "states:StartExecution" in statement["Action"]
        and "RetrainOnDriftStateMachine" in references(statement["Resource"])
    }
    assert starters == {"DriftFoundPolicy", "OverrideDriftPolicy"}


def test_airflow_reads_what_monitoring_found_and_no_case_of_it(template: Template) -> None:
    """Reports, baselines, and the counts of a merge; never what was captured, nor its ground truth."""
    mine = [statement for name, statement in statements(template) if name == "AirflowPolicy"]
    places = {
        resource["Fn::Sub"]
        for statement in mine
        if "s3:GetObject" in statement["Action"]
        for resource in statement["Resource"]
        if any(bucket in resource["Fn::Sub"] for bucket in ("CaptureBucket", "ModelsBucket"))
    }
    counts = "${CaptureBucket.Arn}/merged/*/ground_truth.json"  # for watch_model
    assert places == {"${CaptureBucket.Arn}/reports/*", "${ModelsBucket.Arn}/runs/*/baseline/*", counts}
    reads = {"Query", "Scan", "GetItem", "BatchGetItem"}
    asked = {action for statement in mine for action in statement["Action"] if action.startswith("dynamodb:")}
    assert asked <= {f"dynamodb:{name}" for name in reads}
