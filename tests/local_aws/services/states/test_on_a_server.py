"""State machines over HTTP, against the other services of a real server; ``kill -9`` while they wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from state_machines import eventually

pytestmark = pytest.mark.stack
ROLE = "arn:aws:iam::123456789012:role/states"


@pytest.fixture
def server(local_aws_server: Any) -> Any:
    return local_aws_server


def start(server: Any, name: str, states: dict[str, Any], value: Any = None) -> str:
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    states_client = server.client("stepfunctions")
    machine = states_client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    text = json.dumps({} if value is None else value)
    execution = states_client.start_execution(stateMachineArn=machine["stateMachineArn"], name="run", input=text)
    return str(execution["executionArn"])


def ended(server: Any, execution: str) -> dict[str, Any]:
    client = server.client("stepfunctions")
    found: dict[str, Any] = eventually(
        lambda: (d := client.describe_execution(executionArn=execution))["status"] != "RUNNING" and d
    )
    return found


def kinds(server: Any, execution: str) -> list[str]:
    history = server.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
    return [event["type"] for event in history["events"]]


def task(resource: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True, **more}


def token_from(server: Any, queue: str) -> str:
    messages = eventually(
        lambda: server.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
    )
    return str(json.loads(messages[0]["Body"])["token"])


def asking(queue: str) -> dict[str, Any]:
    body = {"token": "{% $states.context.Task.Token %}"}
    return task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": queue, "MessageBody": body})


def test_services_of_moto_answer_tasks(server: Any) -> None:
    server.client("s3").create_bucket(Bucket="states-test")
    server.client("dynamodb").create_table(
        TableName="states-test",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = server.client("sns").create_topic(Name="states-test")["TopicArn"]
    item = {"id": {"S": "{% $states.input.id %}"}, "n": {"N": "{% $string($states.input.n) %}"}}
    put = task("dynamodb:putItem", {"TableName": "states-test", "Item": item}, Output="{% $states.input %}", Next="Get")
    put.pop("End")
    get = task(
        "dynamodb:getItem",
        {"TableName": "states-test", "Key": {"id": {"S": "{% $states.input.id %}"}}},
        Assign={"n": "{% $number($states.result.Item.n.N) %}"},
        Next="Write",
    )
    get.pop("End")
    write = task("aws-sdk:s3:putObject", {"Bucket": "states-test", "Key": "k", "Body": {"n": "{% $n %}"}}, Next="Tell")
    write.pop("End")
    tell = task("sns:publish", {"TopicArn": topic, "Message": {"n": "{% $n %}"}}, Next="Event")
    tell.pop("End")
    entry = {"Source": "test", "DetailType": "d", "Detail": {"n": "{% $n %}"}}
    event = task("events:putEvents", {"Entries": [entry]}, Output={"n": "{% $n %}"})
    states = {"Put": put, "Get": get, "Write": write, "Tell": tell, "Event": event}
    described = ended(server, start(server, "services", states, {"id": "a", "n": 7}))
    assert described.get("output") == '{"n":7}', described
    assert json.loads(server.client("s3").get_object(Bucket="states-test", Key="k")["Body"].read()) == {"n": 7}


def test_error_names_of_services(server: Any) -> None:
    missing = task("aws-sdk:s3:getObject", {"Bucket": "states-test", "Key": "none"})
    assert ended(server, start(server, "no-key", {"Get": missing}))["error"] == "S3.NoSuchKeyException"
    unknown = {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:none"}
    described = ended(server, start(server, "no-machine", {"Run": task("states:startExecution", unknown)}))
    assert described["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert "Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist;" in described["cause"]


def test_nested_executions_and_their_stop(server: Any) -> None:
    child = {"Fine": {"Type": "Pass", "Output": {"twice": "{% $states.input.n * 2 %}"}, "End": True}}
    arn = start(server, "child", child, {"n": 0}).replace(":execution:", ":stateMachine:").rpartition(":")[0]
    arguments = {"StateMachineArn": arn, "Input": {"n": "{% $states.input.n %}"}}
    nested = task("states:startExecution.sync:2", arguments, Output="{% $states.result.Output.twice %}")
    assert ended(server, start(server, "parent", {"Nested": nested}, {"n": 4}))["output"] == "8"

    waiting = start(server, "waiting-child", {"Hold": {"Type": "Wait", "Seconds": 600, "End": True}})
    machine = waiting.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    nested = task("states:startExecution.sync:2", {"StateMachineArn": machine, "Name": "nested"})
    parent = start(server, "stopped-parent", {"Nested": nested})
    eventually(lambda: "TaskSubmitted" in kinds(server, parent))
    client = server.client("stepfunctions")
    client.stop_execution(executionArn=parent)
    inner = waiting.rpartition(":")[0] + ":nested"
    eventually(lambda: client.describe_execution(executionArn=inner)["status"] == "ABORTED")


def test_errors_of_the_api_arrive_as_botocores_exceptions(server: Any) -> None:
    client = server.client("stepfunctions")
    with pytest.raises(client.exceptions.InvalidToken):
        client.send_task_success(taskToken="none", output="{}")
    with pytest.raises(client.exceptions.InvalidDefinition):
        client.create_state_machine(name="bad", definition="{}", roleArn=ROLE)
    with pytest.raises(client.exceptions.ExecutionDoesNotExist):
        client.describe_execution(executionArn="arn:aws:states:us-east-1:123456789012:execution:none:none")


def test_a_kill_loses_no_wait(own_server: Callable[[], Any]) -> None:
    server = own_server()
    queue = server.client("sqs").create_queue(QueueName="asked")["QueueUrl"]
    hold = {"Type": "Wait", "Seconds": 3, "End": True}
    branches = [{"StartAt": "Ask", "States": {"Ask": asking(queue)}}, {"StartAt": "Hold", "States": {"Hold": hold}}]
    both = {"Type": "Parallel", "Branches": branches, "Output": "{% $states.result[0] %}", "End": True}
    execution = start(server, "survivor", {"Both": both})
    token = token_from(server, queue)
    # Before that commit the message would be sent once more, and this test is not about that.
    eventually(lambda: "TaskSubmitted" in kinds(server, execution))
    server.kill()
    server.start()
    client = server.client("stepfunctions")
    assert client.describe_execution(executionArn=execution)["status"] == "RUNNING"
    client.send_task_success(taskToken=token, output='"signed"')
    assert ended(server, execution)["output"] == '"signed"'
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_success(taskToken=token, output='"again"')
    assert kinds(server, execution).count("ParallelStateStarted") == 1


def test_a_distributed_map_reads_from_s3_and_writes_to_it(server: Any) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="maps-test")
    rows = "id,n\n" + "".join(f"{index},{index * index}\n" for index in range(25))
    s3.put_object(Bucket="maps-test", Key="in/rows.csv", Body=rows.encode())
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Arguments": {"Bucket": "maps-test", "Key": "in/rows.csv"},
    }
    add = {"Type": "Pass", "Output": "{% $sum($states.input.Items.$number(n)) %}", "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Add",
        "States": {"Add": add},
    }
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": "maps-test", "Prefix": "out"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
    }
    each = {
        "Type": "Map",
        "ItemReader": reader,
        "ItemBatcher": {"MaxItemsPerBatch": 10},
        "ItemProcessor": processor,
        "ResultWriter": writer,
        "Next": "List",
    }
    listing = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Arguments": {"Bucket": "maps-test", "Prefix": "in/"},
        },
        "ItemSelector": "{% $states.context.Map.Item.Value.Key %}",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Keep",
            "States": {"Keep": {"Type": "Pass", "End": True}},
        },
        "Output": {"keys": "{% $states.result %}", "wrote": "{% $states.input %}"},
        "End": True,
    }
    done = ended(server, start(server, "maps", {"Each": each, "List": listing}))
    output = json.loads(done["output"])
    assert output["keys"] == ["in/rows.csv"]

    details = output["wrote"]["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(Bucket=details["Bucket"], Key=details["Key"])["Body"].read())
    [results] = manifest["ResultFiles"]["SUCCEEDED"]
    sums = json.loads(s3.get_object(Bucket="maps-test", Key=results["Key"])["Body"].read())
    assert sums == [sum(n * n for n in range(first, min(first + 10, 25))) for first in (0, 10, 20)]
    client = server.client("stepfunctions")
    run = client.describe_map_run(mapRunArn=output["wrote"]["MapRunArn"])
    assert (run["itemCounts"]["succeeded"], run["executionCounts"]["succeeded"]) == (25, 3)
    children = client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert sorted(child["itemCount"] for child in children) == [5, 10, 10]


def test_a_worker_outside_does_an_activity(server: Any) -> None:
    client = server.client("stepfunctions")
    arn = client.create_activity(name="outside")["activityArn"]
    states = {"Work": {"Type": "Task", "Resource": arn, "TimeoutSeconds": 60, "End": True}}
    execution = start(server, "activity", states, {"n": 1})
    task = client.get_activity_task(activityArn=arn, workerName="worker")
    client.send_task_heartbeat(taskToken=task["taskToken"])
    client.send_task_success(taskToken=task["taskToken"], output=task["input"])
    assert ended(server, execution)["output"] == '{"n":1}'
