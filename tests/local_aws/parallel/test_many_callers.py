"""Two hundred callers at once: nothing is lost, nothing happens twice, and of those who may not both win, one does."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually

pytestmark = pytest.mark.stack
CALLERS = 200
WAIT_SECONDS = 60


def at_once(work: Callable[[int], Any], callers: int = CALLERS) -> list[Any]:
    """What ``work`` gave each caller, or the code of the error that it got; all begin together."""
    ready = threading.Barrier(callers)

    def call(number: int) -> Any:
        ready.wait(WAIT_SECONDS)
        try:
            return work(number)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(call, range(callers), timeout=WAIT_SECONDS))


@pytest.fixture(scope="module")
def table(local_aws_server: LocalServer) -> str:
    local_aws_server.client("dynamodb").create_table(
        TableName="crowded",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "crowded"


def test_every_addition_counts(local_aws_server: LocalServer, table: str) -> None:
    dynamodb = local_aws_server.client("dynamodb")

    def add(number: int) -> int:
        answer = dynamodb.update_item(
            TableName=table,
            Key={"id": {"S": "counter"}},
            UpdateExpression="ADD seen :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["seen"]["N"])

    assert sorted(at_once(add)) == list(range(1, CALLERS + 1))


def test_of_conditional_puts_to_one_key_exactly_one_wins(local_aws_server: LocalServer, table: str) -> None:
    dynamodb = local_aws_server.client("dynamodb")

    def claim(number: int) -> int:
        item = {"id": {"S": f"claim-{number % 10}"}, "owner": {"N": str(number)}}
        dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
        return number

    outcomes = at_once(claim)
    winners = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert Counter(winner % 10 for winner in winners) == dict.fromkeys(range(10), 1)
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} == {"ConditionalCheckFailedException"}
    for winner in winners:
        kept = dynamodb.get_item(TableName=table, Key={"id": {"S": f"claim-{winner % 10}"}})["Item"]
        assert kept["owner"]["N"] == str(winner)


def test_of_writes_with_if_none_match_exactly_one_wins(local_aws_server: LocalServer) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="crowded")

    def write(number: int) -> int:
        s3.put_object(Bucket="crowded", Key="one", Body=f"by {number}".encode(), IfNoneMatch="*")
        return number

    outcomes = at_once(write)
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {
        "PreconditionFailed",
        "ConditionalRequestConflict",
    }
    assert s3.get_object(Bucket="crowded", Key="one")["Body"].read() == f"by {winner}".encode()


def test_readers_of_an_object_never_see_half_of_it(local_aws_server: LocalServer) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel: writes are atomic."""
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="atomic")
    s3.put_object(Bucket="atomic", Key="one", Body=b"z" * 100_000)

    def write_or_read(number: int) -> bytes:
        if number % 4 == 0:
            s3.put_object(Bucket="atomic", Key="one", Body=bytes([97 + number % 25]) * 100_000)
            return b""
        return bytes(s3.get_object(Bucket="atomic", Key="one")["Body"].read())

    for seen in at_once(write_or_read, 100):
        assert seen == b"" or (len(seen) == 100_000 and len(set(seen)) == 1)


def test_each_message_is_received_once_and_none_is_left(local_aws_server: LocalServer) -> None:
    sqs = local_aws_server.client("sqs")
    url = sqs.create_queue(QueueName="crowded", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    sent = at_once(lambda number: sqs.send_message(QueueUrl=url, MessageBody=str(number))["MessageId"])
    assert len(set(sent)) == CALLERS

    def receive(number: int) -> list[str]:
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in messages]
            entries = [{"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages]
            assert len(sqs.delete_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == len(messages)
        return bodies

    received = [body for bodies in at_once(receive, 20) for body in bodies]
    assert sorted(received, key=int) == [str(number) for number in range(CALLERS)]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [left[name] for name in names] == ["0", "0"]


@pytest.fixture
def waiting(local_aws_server: LocalServer) -> tuple[str, str]:
    """``(execution, token)`` of a task that waits for its answer."""
    sqs, states = local_aws_server.client("sqs"), local_aws_server.client("stepfunctions")
    url = sqs.create_queue(QueueName="answers")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": url, "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
        "End": True,
    }
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": task}})
    role = "arn:aws:iam::123456789012:role/asker"
    machine = states.create_state_machine(name="asks-many", definition=definition, roleArn=role)["stateMachineArn"]
    execution = str(states.start_execution(stateMachineArn=machine)["executionArn"])
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return execution, str(json.loads(message["Body"])["token"])


def test_of_sixteen_answers_to_one_token_exactly_one_wins(
    local_aws_server: LocalServer, waiting: tuple[str, str]
) -> None:
    """A spent token answers TaskTimedOut: recorded behaviour."""
    execution, token = waiting
    states = local_aws_server.client("stepfunctions")

    def answer(number: int) -> int:
        if number % 2:
            states.send_task_success(taskToken=token, output=json.dumps(number))
        else:
            states.send_task_failure(taskToken=token, error=f"Error{number}")
        return number

    outcomes = at_once(answer, 16)
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert Counter(outcomes)["TaskTimedOut"] == 15
    attribute = {"AttributeKey": "ResourceName", "AttributeValue": execution}
    events = local_aws_server.client("cloudtrail").lookup_events(LookupAttributes=[attribute])["Events"]
    [answered] = [event for event in events if event["EventName"].startswith("SendTask")]
    assert answered["EventName"] == ("SendTaskSuccess" if winner % 2 else "SendTaskFailure")
    assert token not in answered["CloudTrailEvent"]
    ended = eventually(
        lambda: (found := states.describe_execution(executionArn=execution))["status"] != "RUNNING" and found
    )
    if winner % 2:
        assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", winner)
    else:
        assert (ended["status"], ended["error"]) == ("FAILED", f"Error{winner}")
    for send in (
        lambda: states.send_task_success(taskToken=token, output="1"),
        lambda: states.send_task_failure(taskToken=token),
        lambda: states.send_task_heartbeat(taskToken=token),
    ):
        with pytest.raises(states.exceptions.TaskTimedOut):
            send()


def test_no_answer_is_taken_once_the_execution_is_stopped(
    local_aws_server: LocalServer, waiting: tuple[str, str]
) -> None:
    execution, token = waiting
    states = local_aws_server.client("stepfunctions")
    states.send_task_heartbeat(taskToken=token)
    states.stop_execution(executionArn=execution)
    for send in (
        lambda: states.send_task_success(taskToken=token, output="1"),
        lambda: states.send_task_failure(taskToken=token),
        lambda: states.send_task_heartbeat(taskToken=token),
    ):
        with pytest.raises(states.exceptions.TaskTimedOut):
            send()
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_answers_race_with_a_stop_and_one_of_them_wins(local_aws_server: LocalServer, waiting: tuple[str, str]) -> None:
    execution, token = waiting
    states = local_aws_server.client("stepfunctions")

    def race(number: int) -> str:
        if number == 0:
            states.stop_execution(executionArn=execution)
            return "stopped"
        states.send_task_success(taskToken=token, output="1")
        return "answered"

    answered = at_once(race, 8).count("answered")
    status = eventually(
        lambda: (found := states.describe_execution(executionArn=execution)["status"]) != "RUNNING" and found
    )
    assert answered <= 1
    # An answer may be taken just before the stop ends the execution: then it is aborted all the same.
    assert status == "SUCCEEDED" if answered and status != "ABORTED" else status == "ABORTED"
