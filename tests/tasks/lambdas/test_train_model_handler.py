import json

from moto_stack import example

from tasks.lambdas.train_model_handler import handler

REQUEST = {"dataset_version": "d" * 64, "requested_by": "dana", "reason": "drift"}
FIRST = "059f36b4-87a3-44ab-83d2-661975830a7d"


def event_of(*bodies):
    event = example("sqs")
    for record, body in zip(event["Records"], bodies, strict=True):
        record["body"] = body if isinstance(body, str) else json.dumps(body)
    return event


def test_each_request_starts_train_and_promote_once(stack, machines):
    event = event_of(REQUEST, REQUEST | {"reason": "another"})
    assert handler(event, None) == {"batchItemFailures": []}
    assert handler(event, None) == {"batchItemFailures": []}
    assert len(machines.started) == 2, "a message that came twice has another name than the first time"
    for request in machines.started.values():
        assert request["stateMachineArn"] == stack.parameters.state_machines.train_and_promote
        assert len(request["name"]) <= 80
    inputs = [json.loads(request["input"]) for request in machines.started.values()]
    assert inputs[0] == REQUEST | {"hyperparameters": {}, "sent_by": "AIDAIENQZJOLO23YVJ4VO"}


def test_who_sent_a_message_is_what_aws_says_and_not_what_the_message_says(stack, machines):
    event = event_of(REQUEST | {"sent_by": "somebody-else"}, REQUEST | {"sent_by": "somebody-else"})
    del event["Records"][1]["attributes"]["SenderId"]
    handler(event, None)
    inputs = [json.loads(request["input"]) for request in machines.started.values()]
    assert [each.get("sent_by") for each in inputs] == ["AIDAIENQZJOLO23YVJ4VO", None]


def test_a_fifo_queues_deduplication_id_names_the_execution(stack, machines):
    event = event_of(REQUEST, REQUEST)
    for record in event["Records"]:
        record["attributes"]["MessageDeduplicationId"] = "window-7"
    handler(event, None)
    assert len(machines.started) == 1


def test_a_bad_request_is_reported_with_its_field_and_the_good_one_starts(stack, machines, caplog):
    answer = handler(event_of(REQUEST | {"dataset_version": "newest"}, REQUEST), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": FIRST}]}
    assert "dataset_version" in caplog.text
    assert len(machines.started) == 1


def test_what_is_no_json_is_reported(stack, machines):
    assert handler(event_of("train!", REQUEST), None)["batchItemFailures"] == [{"itemIdentifier": FIRST}]
