"""``kill -9`` at any moment: what was waiting still waits, what was finished is not run again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killable import Killable
from state_machines import eventually

ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}
TRAIN = json.loads((Path(__file__).parent / "machines" / "sync_training_job.asl.json").read_text())
SENT: dict[str, Any] = {"sqs.send_message": [{"MessageId": "m"}]}
INVOKED: dict[str, Any] = {"lambda.invoke": [{"StatusCode": 200, "Payload": "called"}]}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Killable]:
    engine = Killable(tmp_path)
    yield engine
    if engine.process is not None and engine.process.poll() is None:
        engine.kill()


def test_a_token_still_works_after_a_kill(engine: Killable) -> None:
    engine.start({"StartAt": "Ask", "States": {"Ask": ASK}}, SENT)
    engine.await_event("TaskSubmitted")
    [token] = engine.ask(do="tokens")
    engine.kill()
    engine.start(None, SENT)
    assert engine.ask(do="describe")["status"] == "RUNNING"
    engine.ask(do="succeed", token=token, output="signed")
    assert engine.ended()["output"] == '"signed"'
    assert engine.calls()["sqs.send_message"] == 1


def test_an_answer_taken_just_before_the_kill_counts(engine: Killable) -> None:
    engine.start({"StartAt": "Ask", "States": {"Ask": ASK}}, SENT)
    engine.await_event("TaskSubmitted")
    [token] = engine.ask(do="tokens")
    assert engine.ask(do="succeed", token=token, output="signed") == "sent"
    engine.kill()
    engine.start(None, SENT)
    assert engine.ended()["output"] == '"signed"'


def test_branches_go_on_where_they_were_after_a_kill(engine: Killable) -> None:
    branches = [
        {"StartAt": "Done", "States": {"Done": CALL}},
        {"StartAt": "Ask", "States": {"Ask": ASK}},
        {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 2, "End": True}}},
    ]
    both = {"Type": "Parallel", "Branches": branches, "Output": "{% $states.result[0].Payload %}", "End": True}
    engine.start({"StartAt": "Both", "States": {"Both": both}}, {**SENT, **INVOKED})
    engine.await_event("TaskStateExited")
    engine.await_event("TaskSubmitted")
    engine.await_event("WaitStateEntered")
    [token] = engine.ask(do="tokens")
    engine.kill()
    engine.start(None, {**SENT, **INVOKED})
    engine.ask(do="succeed", token=token, output={})
    assert engine.ended()["output"] == '"called"'
    assert engine.calls() == {"lambda.invoke": 1, "sqs.send_message": 1}
    kinds = Counter(event["type"] for event in engine.ask(do="events"))
    assert (kinds["WaitStateEntered"], kinds["ParallelStateStarted"], kinds["TaskStateExited"]) == (1, 1, 2)


def test_finished_iterations_are_not_run_again_after_a_kill(engine: Killable) -> None:
    processor = {
        "StartAt": "Work",
        "States": {
            "Work": {**CALL, "Output": "{% $states.input %}", "Next": "Which"},
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Ask"}],
                "Default": "Fine",
            },
            "Ask": ASK,
            "Fine": {"Type": "Pass", "End": True},
        },
    }
    processor["States"]["Work"].pop("End")  # type: ignore[index]
    each = {"Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    engine.start({"StartAt": "Each", "States": {"Each": each}}, {**SENT, **INVOKED})
    engine.await_event("TaskSubmitted")
    [token] = engine.ask(do="tokens")
    engine.kill()
    engine.start(None, {**SENT, **INVOKED})
    engine.ask(do="succeed", token=token, output="two")
    assert engine.ended()["output"] == '[1,"two",3]'
    assert engine.calls() == {"lambda.invoke": 3, "sqs.send_message": 1}


def test_a_map_run_goes_on_with_what_is_left_after_a_kill(engine: Killable) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Ask"}],
                "Default": "Work",
            },
            "Ask": ASK,
            "Work": {**CALL, "Output": "{% $states.input %}"},
        },
    }
    each = {"Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    engine.start({"StartAt": "Each", "States": {"Each": each}}, {**SENT, **INVOKED})
    [token] = eventually(lambda: engine.ask(do="tokens"))
    # Before that commit the message would be sent once more, and this test is not about that.
    eventually(lambda: "TaskSubmitted" in engine.ask(do="child_events")[-1])
    [before] = engine.ask(do="map_runs")
    assert [child["status"] for child in before["children"]] == ["SUCCEEDED", "RUNNING"]
    assert (before["itemCounts"]["pending"], before["executionCounts"]["running"]) == (1, 1)
    engine.kill()
    engine.start(None, {**SENT, **INVOKED})
    engine.ask(do="succeed", token=token, output="two")
    assert engine.ended()["output"] == '[1,"two",3]'
    assert engine.calls() == {"lambda.invoke": 2, "sqs.send_message": 1}
    [after] = engine.ask(do="map_runs")
    assert (after["mapRunArn"], after["status"], len(after["children"])) == (before["mapRunArn"], "SUCCEEDED", 3)
    kinds = Counter(event["type"] for event in engine.ask(do="events"))
    assert (kinds["MapRunStarted"], kinds["MapRunSucceeded"]) == (1, 1)


def test_an_activity_task_survives_kills_before_and_after_it_is_fetched(engine: Killable) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:activity:work"
    machine = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": arn, "End": True}}}
    engine.start(None, {})
    engine.ask(do="create_activity", name="work")
    engine.kill()
    engine.start(machine, {})
    engine.await_event("ActivityScheduled")
    engine.kill()
    engine.start(None, {})
    task = engine.ask(do="take", activity=arn)
    engine.kill()
    engine.start(None, {})
    engine.ask(do="succeed", token=task["taskToken"], output="done")
    assert engine.ended()["output"] == '"done"'
    kinds = [event["type"] for event in engine.ask(do="events")]
    assert kinds[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]


def test_a_job_is_followed_on_after_a_kill(engine: Killable) -> None:
    running = {"sagemaker.describe_training_job": [{"TrainingJobName": "train-1", "TrainingJobStatus": "InProgress"}]}
    created = {"sagemaker.create_training_job": [{"TrainingJobArn": "arn"}]}
    engine.start(TRAIN, {**running, **created})
    engine.await_event("TaskSubmitted")
    engine.kill()
    done = {"TrainingJobStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model"}}
    engine.start(None, {"sagemaker.describe_training_job": [done]})
    assert engine.ended()["output"] == '"s3://b/model"'
    assert engine.calls()["sagemaker.create_training_job"] == 1


def test_a_job_that_the_interrupted_call_had_started_is_adopted(engine: Killable) -> None:
    engine.start(TRAIN, {"sagemaker.create_training_job": [{"TrainingJobArn": "arn", "seconds": 60}]})
    eventually(lambda: engine.calls()["sagemaker.create_training_job"])
    engine.kill()
    done = {
        "TrainingJobArn": "arn",
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"},
    }
    refused = {"sagemaker.create_training_job": [{"raises": "ResourceInUse"}]}
    engine.start(None, {**refused, "sagemaker.describe_training_job": [done]})
    assert engine.ended()["output"] == '"s3://b/m"'


def test_a_request_that_was_under_way_is_made_again(engine: Killable) -> None:
    engine.start({"StartAt": "Call", "States": {"Call": CALL}}, {"lambda.invoke": [{"StatusCode": 200, "seconds": 60}]})
    eventually(lambda: engine.calls()["lambda.invoke"])
    engine.kill()
    engine.start(None, INVOKED)
    assert engine.ended()["status"] == "SUCCEEDED"
    assert engine.calls()["lambda.invoke"] == 2
    kinds = Counter(event["type"] for event in engine.ask(do="events"))
    assert kinds["TaskScheduled"] == 1
