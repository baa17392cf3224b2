"""The life of a task token: answered once, then spent.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token; that a spent token
answers TaskTimedOut and an unknown one InvalidToken is recorded on AWS.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from state_machines import FakeServices, StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.records import Records
from local_aws.services.states.tasks import task_operations as tasks
from local_aws.services.states.tasks import tokens
from local_aws.store import Store

ASK = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
            "End": True,
        }
    },
}


@pytest.fixture
def token(world: StatesWorld, services: FakeServices) -> str:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}
    world.start(world.create(ASK))
    return str(world.await_tokens()[0])


def sends(world: StatesWorld) -> list[Callable[[str], None]]:
    return [lambda token: world.succeed(token, 1), lambda token: world.fail(token, error="E"), world.beat]


def test_an_unknown_token_is_invalid(world: StatesWorld) -> None:
    for send in sends(world):
        with pytest.raises(ApiError, match="InvalidToken: Invalid Token: 'Invalid token'"):
            send("no such token")


def test_a_spent_token_has_timed_out(world: StatesWorld, token: str) -> None:
    world.succeed(token, "first")
    for send in sends(world):
        with pytest.raises(ApiError, match="TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'"):
            send(token)


def test_output_must_be_json(world: StatesWorld, token: str) -> None:
    with pytest.raises(ApiError, match="InvalidOutput: Invalid Output: '"):
        tasks.send_task_success(world.aws, {"taskToken": token, "output": "not json"})
    world.succeed(token, "now it is")


def test_output_over_256_kib_is_refused(world: StatesWorld, token: str) -> None:
    with pytest.raises(ApiError, match="InvalidOutput"):
        world.succeed(token, "x" * 262_144)


def test_a_token_is_spent_when_the_call_that_sends_it_fails(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"raises": "AccessDenied", "http": 403}]}
    assert world.run(ASK)["error"] == "SQS.AmazonSQSException"
    [(token, _)] = world.aws.store.list("states:token")
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(token, 1)


def test_an_answer_may_come_before_the_call_has_returned(world: StatesWorld, services: FakeServices) -> None:
    def send(QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - boto3's names
        world.succeed(MessageBody, "early")

    services.on("sqs.send_message", send)
    described = world.run(ASK)
    assert described["output"] == '"early"'
    kinds = [event["type"] for event in world.events(described["executionArn"])]
    assert kinds[3:6] == ["TaskStarted", "TaskSubmitted", "TaskSucceeded"]


def test_tokens_are_long_and_never_alike() -> None:
    minted = {tokens.mint() for _ in range(100)}
    assert len(minted) == 100
    assert all(len(token) <= 1024 for token in minted)


class TokenLife(RuleBasedStateMachine):
    """One token against a model of it, with the clock in the test's hands."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.records = Records(Store(Path(self.folder.name) / "state.sqlite3"))
        self.now = 1000.0
        self.deadline, self.heartbeat, self.beat_at = 1050.0, 20.0, 1000.0
        self.open = True
        self.answer: object = None
        self.records.save_token("t", tokens.new("execution", "0", self.deadline, self.heartbeat, self.now))

    def teardown(self) -> None:
        self.records.store.close()
        self.folder.cleanup()

    def alive(self) -> bool:
        return self.open and self.now < min(self.deadline, self.beat_at + self.heartbeat)

    @rule(seconds=st.floats(0, 15))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(output=st.sampled_from(['"a"', '"b"']))
    def succeed(self, output: str) -> None:
        if self.alive():
            tokens.answer(self.records, "t", {"output": output}, self.now)
            self.answer, self.open = {"output": output}, False
        else:
            self.refused(lambda: tokens.answer(self.records, "t", {"output": output}, self.now))

    @rule()
    def beat(self) -> None:
        if self.alive():
            tokens.beat(self.records, "t", self.now)
            self.beat_at = self.now
        else:
            self.refused(lambda: tokens.beat(self.records, "t", self.now))

    @precondition(lambda self: self.open)
    @rule()
    def wait_ends(self) -> None:
        tokens.spend(self.records, "t")
        self.open = False

    @rule()
    def server_restarts(self) -> None:
        self.records.store.close()
        self.records = Records(Store(Path(self.folder.name) / "state.sqlite3"))

    @invariant()
    def the_first_answer_stays(self) -> None:
        document = self.records.token("t")
        assert document is not None
        assert document["answer"] == self.answer
        assert document["spent"] is not self.open

    def refused(self, send: Callable[[], object]) -> None:
        with pytest.raises(ApiError) as caught:
            send()
        assert caught.value.code == "TaskTimedOut"


TestTokenLife = TokenLife.TestCase
TestTokenLife.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@given(deadline=st.none() | st.floats(0, 100), heartbeat=st.none() | st.floats(0.1, 100), beat=st.floats(0, 100))
def test_a_wait_ends_at_whatever_comes_first(deadline: float | None, heartbeat: float | None, beat: float) -> None:
    token = tokens.new("execution", "0", deadline, heartbeat, beat)
    end, missed = tokens.ends_at(token)
    ends = [moment for moment in (deadline, None if heartbeat is None else beat + heartbeat) if moment is not None]
    assert end == min(ends, default=None)
    assert missed == (heartbeat is not None and (deadline is None or beat + heartbeat < deadline))
