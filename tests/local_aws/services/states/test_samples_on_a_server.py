"""A published sample project on a real server: its queue, its topic, its Express workflow are all there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import eventually

pytestmark = pytest.mark.stack
ROLE = "arn:aws:iam::123456789012:role/states"


def create(server: Any, name: str, states: dict[str, Any], kind: str = "STANDARD") -> str:
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states})
    created = server.client("stepfunctions").create_state_machine(
        name=name, definition=definition, roleArn=ROLE, type=kind
    )
    return str(created["stateMachineArn"])


def task(resource: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **more}


def next_message(server: Any, queue: str) -> dict[str, Any]:
    sqs = server.client("sqs")
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    body: dict[str, Any] = json.loads(message["Body"])
    return body


@pytest.fixture
def resources(local_aws_server: Any) -> dict[str, str]:
    """A queue of approvals, a topic with a queue that hears it, a table, and the Express workflow that writes to it."""
    server = local_aws_server
    sqs, sns = server.client("sqs"), server.client("sns")
    heard = sqs.create_queue(QueueName="sample-heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="sample-news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    server.client("dynamodb").create_table(
        TableName="sample-orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "{% $states.input.order %}"}, "by": {"S": "{% $states.input.by %}"}}
    update = task("dynamodb:putItem", {"TableName": "sample-orders", "Item": item}, Next="Tell")
    kept = {"Type": "Pass", "Output": {"kept": True}, "End": True}
    express = create(server, "sample-backend", {"Update": update, "Tell": kept}, "EXPRESS")
    asked = sqs.create_queue(QueueName="sample-asked")["QueueUrl"]
    return {"asked": asked, "heard": heard, "topic": topic, "express": express}


def test_selective_checkpointing(local_aws_server: Any, resources: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/sample-project-express-selective-checkpointing.html

    The Standard workflow keeps its place while a person decides; what is quick and may be repeated is Express.
    """
    body = {"order": "{% $states.input.order %}", "token": "{% $states.context.Task.Token %}"}
    ask = task(
        "sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": resources["asked"], "MessageBody": body},
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Refused"}],
        Assign={"order": "{% $states.input.order %}", "by": "{% $states.result.by %}"},
        Next="Update",
    )
    update = task(
        "aws-sdk:sfn:startSyncExecution",
        {"StateMachineArn": resources["express"], "Input": "{% $string({'order': $order, 'by': $by}) %}"},
        Output="{% $parse($states.result.Output) %}",
        Next="Ship",
    )
    note = {"TopicArn": resources["topic"], "Message": {"shipped": "{% $order %}", "kept": "{% $states.input.kept %}"}}
    ship = task("sns:publish", note, End=True)
    states = {"Approve": ask, "Update": update, "Ship": ship, "Refused": {"Type": "Fail", "Error": "Refused"}}
    machine = create(local_aws_server, "sample-orders", states)

    client = local_aws_server.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=machine, input='{"order":"o-1"}')["executionArn"]
    asked = next_message(local_aws_server, resources["asked"])
    assert asked["order"] == "o-1"
    client.send_task_success(taskToken=asked["token"], output='{"by":"someone"}')

    heard = json.loads(next_message(local_aws_server, resources["heard"])["Message"])
    assert heard == {"shipped": "o-1", "kept": True}
    key = {"id": {"S": "o-1"}}
    item = local_aws_server.client("dynamodb").get_item(TableName="sample-orders", Key=key)["Item"]
    assert item["by"] == {"S": "someone"}
    described = eventually(
        lambda: (d := client.describe_execution(executionArn=execution))["status"] != "RUNNING" and d
    )
    assert described["status"] == "SUCCEEDED", described
