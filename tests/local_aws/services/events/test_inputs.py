"""What a target receives. Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.services.events.inputs import check_path, payload

RULE = "arn:aws:events:us-east-1:123456789012:rule/example"
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2015-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": 'RUN"NING', "tags": {"a": 1}},
}
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "tags": "$.detail.tags",
    "first": "$.resources[0]",
    "none": "$.detail.missing",
}


def sent(**target: Any) -> str:
    return payload(target, EVENT, RULE, "2015-11-11T21:30:00Z")


def filled(template: str) -> str:
    return sent(InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})


def test_event_constant_or_part() -> None:
    assert json.loads(sent()) == EVENT
    assert sent(Input='{"a": 1}') == '{"a": 1}'
    assert json.loads(sent(InputPath="$.detail.tags")) == {"a": 1}
    assert json.loads(sent(InputPath="$.detail.missing")) is None


def test_placeholders_are_json_outside_of_quotes_and_text_within() -> None:
    assert json.loads(filled('{"id": <instance>, "tags": <tags>}')) == {"id": "i-0123456789", "tags": {"a": 1}}
    assert json.loads(filled('"<instance> is in <state>"')) == 'i-0123456789 is in RUN"NING'
    assert json.loads(filled('{"arn": "<first>", "none": "<none>"}')) == {"arn": EVENT["resources"][0], "none": ""}
    assert filled("plain <unknown>") == "plain <unknown>"


def test_reserved_variables() -> None:
    told = json.loads(
        filled(
            '{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>", "at": <aws.events.event.ingestion-time>,'
            ' "event": <aws.events.event.json>, "head": <aws.events.event>}'
        )
    )
    assert (told["arn"], told["name"], told["at"]) == (RULE, "example", "2015-11-11T21:30:00Z")
    assert told["event"] == EVENT
    assert told["head"] == {name: value for name, value in EVENT.items() if name != "detail"}


def test_only_names_and_indexes_are_paths() -> None:
    for path in ("$", "$.a.b", "$.a[0].b", "$.detail-type", "$.a['b c']"):
        check_path(path)
    for path in ("a.b", "$..a", "$.a[?(@.b)]", "$.a[*]"):
        with pytest.raises(ValueError, match="Invalid JSON path"):
            check_path(path)
