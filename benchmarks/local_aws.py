"""What ``local_aws`` costs, beside stock moto, in one run.

    python -m benchmarks.local_aws [--rounds 60] [--waiting 100,1000] [--out results.json]

Both servers run in processes of their own on this machine and are asked by the same client, call by call in turn,
so that a busy moment falls on both. Times are medians in milliseconds. Stock moto runs state machines once its
interpreter is turned on (``/moto-api/config``); it keeps nothing over a restart and runs no jobs or functions
without containers, which is part of what the ratios mean.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from benchmarks import local_aws_servers as servers

OURS, RIVAL = "local_aws", "moto"
END_SECONDS = 120.0
CHAIN = 200
"""Pass states in a row: the time of one is a difference too small to see in a single state."""
TASKS = 20
LARGE = 20 * 2**20
ROLE = "arn:aws:iam::123456789012:role/benchmark"
MIB = 2**20


class Subject:
    """A server under measurement. ``client`` keeps connections open, as boto3 does."""

    def __init__(self, name: str, url: str, pid: int) -> None:
        self.name = name
        self.process = psutil.Process(pid)
        self._url = url
        self._clients: dict[str, Any] = {}
        self.queue: str = self.client("sqs").create_queue(QueueName="benchmark")["QueueUrl"]
        self.tokens: str = self.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
        self.client("s3").create_bucket(Bucket="benchmark")
        self.client("dynamodb").create_table(
            TableName="benchmark",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.machines = {
            "pass": self._machine("pass", {f"Pass{n}": {"Type": "Pass"} for n in range(CHAIN)}),
            "tasks": self._machine("tasks", {f"Task{n}": self._send("") for n in range(TASKS)}),
            "token": self._machine("token", {"Ask": self._send(".waitForTaskToken"), "Then": {"Type": "Pass"}}),
            "nothing": self._machine("nothing", {"Only": {"Type": "Pass"}}),
        }

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=120),
            )
        return self._clients[service]

    def run(self, machine: str) -> dict[str, Any]:
        """Start an execution and wait for its end; its description."""
        return self.ended(self.start(machine))

    def start(self, machine: str) -> str:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machines[machine], name=uuid.uuid4().hex, input="{}"
        )
        return str(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        deadline = time.monotonic() + END_SECONDS
        while True:
            found: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            if found["status"] == "SUCCEEDED":
                return found
            if found["status"] != "RUNNING" or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: an execution is {found['status']}: {found.get('cause')}")

    def token(self) -> str:
        """The token that the machine has just sent to the queue."""
        received = self.client("sqs").receive_message(QueueUrl=self.tokens, WaitTimeSeconds=20)["Messages"][0]
        self.client("sqs").delete_message(QueueUrl=self.tokens, ReceiptHandle=received["ReceiptHandle"])
        return str(json.loads(received["Body"])["token"])

    def _machine(self, name: str, states: dict[str, dict[str, Any]]) -> str:
        names = list(states)
        for here, following in zip(names, [*names[1:], None], strict=True):
            states[here].update({"End": True} if following is None else {"Next": following})
        created = self.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps({"StartAt": names[0], "States": states}), roleArn=ROLE
        )
        return str(created["stateMachineArn"])

    def _send(self, pattern: str) -> dict[str, Any]:
        body: dict[str, Any] = {"token.$": "$$.Task.Token"} if pattern else {"n": 1}
        return {
            "Type": "Task",
            "Resource": f"arn:aws:states:::sqs:sendMessage{pattern}",
            "Parameters": {"QueueUrl": self.tokens if pattern else self.queue, "MessageBody": body},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60, help="how often each call is measured")
    parser.add_argument("--waiting", default="100,1000", help="numbers of executions that wait at the same time")
    parser.add_argument("--out", type=Path, help="write the figures as JSON too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="local-aws-benchmark-") as folder, ExitStack() as stack:
        subjects = [
            Subject(OURS, *stack.enter_context(servers.local_aws(Path(folder)))),
            Subject(RIVAL, *stack.enter_context(servers.stock_moto())),
        ]
        figures = {
            "calls": _calls(subjects, options.rounds),
            "waiting": _waiting(subjects, [int(number) for number in options.waiting.split(",")]),
        }
    _print(figures)
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _calls(subjects: list[Subject], rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each kind of call, measured in turn."""
    found: dict[str, dict[str, float]] = {}
    for name, (measure, share) in MEASURES.items():
        times: dict[str, list[float]] = {subject.name: [] for subject in subjects}
        for number in range(max(3, rounds // share) + 1):
            for subject in subjects:
                milliseconds = measure(subject) * 1000
                if number:  # the first opens connections and loads service models
                    times[subject.name].append(milliseconds)
        found[name] = {subject: round(statistics.median(values), 3) for subject, values in times.items()}
        print(f"{name}: {found[name]}", flush=True)
    return found


def _timed(work: Callable[[Subject], Any]) -> Callable[[Subject], float]:
    def measure(subject: Subject) -> float:
        began = time.perf_counter()
        work(subject)
        return time.perf_counter() - began

    return measure


def _pass_state(subject: Subject) -> float:
    return _duration(subject.run("pass")) / CHAIN


def _task_state(subject: Subject) -> float:
    return _duration(subject.run("tasks")) / TASKS


def _duration(described: dict[str, Any]) -> float:
    return float((described["stopDate"] - described["startDate"]).total_seconds())


def _token_answered(subject: Subject) -> float:
    """From the call of SendTaskSuccess to the time at which the history says that the next state was entered."""
    execution = subject.start("token")
    token = subject.token()
    asked = time.time()
    subject.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    subject.ended(execution)
    events = subject.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    entered = next(event for event in events if event["type"] == "PassStateEntered")
    return float(entered["timestamp"].timestamp() - asked)


MEASURES: dict[str, tuple[Callable[[Subject], float], int]] = {
    "sqs SendMessage": (_timed(lambda s: s.client("sqs").send_message(QueueUrl=s.queue, MessageBody="x")), 1),
    "sqs ReceiveMessage": (_timed(lambda s: s.client("sqs").receive_message(QueueUrl=s.queue)), 1),
    "dynamodb PutItem": (
        _timed(lambda s: s.client("dynamodb").put_item(TableName="benchmark", Item={"id": {"S": uuid.uuid4().hex}})),
        1,
    ),
    "s3 PutObject 1 KiB": (
        _timed(lambda s: s.client("s3").put_object(Bucket="benchmark", Key="small", Body=b"x" * 1024)),
        1,
    ),
    "s3 GetObject 1 KiB": (
        _timed(lambda s: s.client("s3").get_object(Bucket="benchmark", Key="small")["Body"].read()),
        1,
    ),
    "s3 PutObject 20 MiB": (
        _timed(lambda s: s.client("s3").put_object(Bucket="benchmark", Key="large", Body=b"x" * LARGE)),
        10,
    ),
    "s3 GetObject 20 MiB": (
        _timed(lambda s: s.client("s3").get_object(Bucket="benchmark", Key="large")["Body"].read()),
        10,
    ),
    "StartExecution": (_timed(lambda s: s.start("nothing")), 1),
    f"Pass state (one of {CHAIN})": (_pass_state, 10),
    f"task state, sqs:sendMessage (one of {TASKS})": (_task_state, 10),
    "token answered to next state": (_token_answered, 2),
}


def _waiting(subjects: list[Subject], numbers: list[int]) -> dict[str, dict[str, dict[str, float]]]:
    """Threads and memory with so many executions that wait for a token. Stock moto only up to the first number."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for subject in subjects:
        started = 0
        before = subject.process.memory_info().rss
        for number in numbers if subject.name == OURS else numbers[:1]:
            for _ in range(number - started):
                subject.start("token")
            started = number
            _await_messages(subject, number)
            usage = {
                "threads": float(subject.process.num_threads()),
                "memory_mib": round(subject.process.memory_info().rss / MIB, 1),
                "grown_mib": round((subject.process.memory_info().rss - before) / MIB, 1),
            }
            found.setdefault(str(number), {})[subject.name] = usage
            print(f"{number} waiting, {subject.name}: {usage}", flush=True)
    return found


def _await_messages(subject: Subject, number: int) -> None:
    deadline = time.monotonic() + END_SECONDS
    attribute = "ApproximateNumberOfMessages"
    while True:
        answer = subject.client("sqs").get_queue_attributes(QueueUrl=subject.tokens, AttributeNames=[attribute])
        if int(answer["Attributes"][attribute]) >= number:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{subject.name}: {number} executions did not come to wait in {END_SECONDS} s")
        time.sleep(0.1)


def _print(figures: dict[str, Any]) -> None:
    print(f"\n| median milliseconds | {OURS} | stock {RIVAL} | {RIVAL} takes |\n|---|---|---|---|")
    for name, times in figures["calls"].items():
        print(f"| {name} | {times[OURS]:.2f} | {times[RIVAL]:.2f} | {times[RIVAL] / times[OURS]:.1f} times |")
    print("\n| waiting executions | server | threads | memory MiB | grown MiB |\n|---|---|---|---|---|")
    for number, usages in figures["waiting"].items():
        for name, usage in usages.items():
            memory = f"{usage['memory_mib']:.0f} | {usage['grown_mib']:.0f}"
            print(f"| {number} | {name} | {usage['threads']:.0f} | {memory} |")


if __name__ == "__main__":
    main()
