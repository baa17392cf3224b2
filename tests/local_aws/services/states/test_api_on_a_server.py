"""The operations around executions over HTTP: what botocore's model makes of the answers, and logs in moto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import eventually

pytestmark = pytest.mark.stack
ROLE = "arn:aws:iam::123456789012:role/states"
GROUP = "/aws/vendedlogs/states/over-http"
DOUBLE = {"StartAt": "Double", "States": {"Double": {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}}}
FAIL = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E", "Cause": "c"}}}


@pytest.fixture
def states(local_aws_server: Any) -> Any:
    return local_aws_server.client("stepfunctions")


def create(states: Any, name: str, definition: dict[str, Any], **more: Any) -> dict[str, Any]:
    text = json.dumps({"QueryLanguage": "JSONata", **definition})
    return dict(states.create_state_machine(name=name, definition=text, roleArn=ROLE, **more))


def test_a_synchronous_execution_with_its_log(states: Any, local_aws_server: Any) -> None:
    logs = local_aws_server.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    machine = create(states, "express", DOUBLE, type="EXPRESS", loggingConfiguration=logging)["stateMachineArn"]
    answer = states.start_sync_execution(stateMachineArn=machine, input="21")
    assert (answer["status"], answer["output"], answer["billingDetails"]["billedMemoryUsedInMB"]) == (
        "SUCCEEDED",
        "42",
        64,
    )
    events = eventually(lambda: logs.filter_log_events(logGroupName=GROUP)["events"])
    eventually(lambda: len(logs.filter_log_events(logGroupName=GROUP)["events"]) == 4)
    assert json.loads(events[0]["message"])["execution_arn"] == answer["executionArn"]


def test_a_redrive_a_version_and_an_alias(states: Any) -> None:
    created = create(states, "failing", FAIL, publish=True)
    version = created["stateMachineVersionArn"]
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = states.create_state_machine_alias(name="LIVE", routingConfiguration=routing)["stateMachineAliasArn"]
    execution = states.start_execution(stateMachineArn=alias)["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=execution)["status"] == "FAILED")
    states.redrive_execution(executionArn=execution)
    described = eventually(lambda: (d := states.describe_execution(executionArn=execution))["status"] == "FAILED" and d)
    assert (described["redriveCount"], described["stateMachineAliasArn"]) == (1, alias)
    kinds = [event["type"] for event in states.get_execution_history(executionArn=execution)["events"]]
    assert kinds[-2:] == ["ExecutionRedriven", "ExecutionFailed"]
    with pytest.raises(ClientError, match="ConflictException"):
        states.delete_state_machine_version(stateMachineVersionArn=version)


def test_one_state_is_tested(states: Any) -> None:
    state = {"QueryLanguage": "JSONata", "Type": "Pass", "Output": "{% $states.input + $more %}", "Next": "After"}
    answer = states.test_state(
        definition=json.dumps(state), roleArn=ROLE, input="1", variables='{"more": 2}', inspectionLevel="DEBUG"
    )
    assert (answer["status"], answer["output"], answer["nextState"]) == ("SUCCEEDED", "3", "After")
    assert answer["inspectionData"]["input"] == "1"
