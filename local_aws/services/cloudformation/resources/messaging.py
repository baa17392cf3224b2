"""SQS queues, SNS topics and subscriptions, EventBridge rules."""

from __future__ import annotations

import json
from typing import Any

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
    tags,
    updates,
)

QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "RedrivePolicy",
    "RedriveAllowPolicy",
)


@creates("AWS::SQS::Queue", properties=("QueueName", *QUEUE_ATTRIBUTES))
def create_queue(site: Site, properties: Properties) -> Created:
    name = properties.get("QueueName") or site.generated_name(80)
    url = site.client("sqs").create_queue(QueueName=name, Attributes=_queue_attributes(properties))["QueueUrl"]
    return _queue(site, url)


@updates("AWS::SQS::Queue")
def update_queue(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("sqs").set_queue_attributes(QueueUrl=physical_id, Attributes=_queue_attributes(properties))
    return _queue(site, physical_id)


@deletes("AWS::SQS::Queue")
def delete_queue(site: Site, physical_id: str) -> None:
    site.client("sqs").delete_queue(QueueUrl=physical_id)


def _queue_attributes(properties: Properties) -> dict[str, str]:
    return {name: _attribute_text(properties[name]) for name in QUEUE_ATTRIBUTES if name in properties}


def _attribute_text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queue(site: Site, url: str) -> Created:
    name = url.rpartition("/")[2]
    return Created(url, {"Arn": site.aws.arn("sqs", name), "QueueName": name, "QueueUrl": url})


@creates("AWS::SNS::Topic", properties=("TopicName", "DisplayName", "KmsMasterKeyId", "Subscription"))
def create_topic(site: Site, properties: Properties) -> Created:
    sns = site.client("sns")
    name = properties.get("TopicName") or site.generated_name(256)
    attributes = {key: str(value) for key, value in chosen(properties, "DisplayName", "KmsMasterKeyId").items()}
    arn = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    for subscription in properties.get("Subscription", []):
        sns.subscribe(TopicArn=arn, Protocol=subscription["Protocol"], Endpoint=subscription["Endpoint"])
    return Created(arn, {"TopicArn": arn, "TopicName": name})


@deletes("AWS::SNS::Topic")
def delete_topic(site: Site, physical_id: str) -> None:
    site.client("sns").delete_topic(TopicArn=physical_id)


@creates(
    "AWS::SNS::Subscription",
    properties=(
        *("TopicArn", "Protocol", "Endpoint", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"),
        "RedrivePolicy",
    ),
)
def create_subscription(site: Site, properties: Properties) -> Created:
    attributes = chosen(properties, "FilterPolicyScope")
    for name in ("FilterPolicy", "RedrivePolicy"):
        if name in properties:
            attributes[name] = json.dumps(properties[name])
    if "RawMessageDelivery" in properties:
        attributes["RawMessageDelivery"] = str(flag(properties["RawMessageDelivery"])).lower()
    answer = site.client("sns").subscribe(
        **chosen(properties, "TopicArn", "Protocol", "Endpoint"), Attributes=attributes, ReturnSubscriptionArn=True
    )
    return Created(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})


@deletes("AWS::SNS::Subscription")
def delete_subscription(site: Site, physical_id: str) -> None:
    site.client("sns").unsubscribe(SubscriptionArn=physical_id)


@creates(
    "AWS::Events::Rule",
    properties=("Name", "Description", "EventBusName", "EventPattern", "ScheduleExpression", "State", "Targets"),
)
def create_rule(site: Site, properties: Properties) -> Created:
    return _put_rule(site, properties.get("Name") or site.generated_name(64), properties)


@updates("AWS::Events::Rule")
def update_rule(site: Site, physical_id: str, properties: Properties) -> Created:
    return _put_rule(site, physical_id.rpartition("|")[2], properties)


@deletes("AWS::Events::Rule")
def delete_rule(site: Site, physical_id: str) -> None:
    events = site.client("events")
    bus, _, name = physical_id.rpartition("|")
    place = {"EventBusName": bus or "default"}
    targets = events.list_targets_by_rule(Rule=name, **place)["Targets"]
    if targets:
        events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets], **place)
    events.delete_rule(Name=name, **place)


def _put_rule(site: Site, name: str, properties: Properties) -> Created:
    events = site.client("events")
    request = chosen(properties, "Description", "EventBusName", "ScheduleExpression", "State")
    if "EventPattern" in properties:
        request["EventPattern"] = json.dumps(properties["EventPattern"])
    own_tags = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
    arn = events.put_rule(Name=name, **request, **({"Tags": own_tags} if own_tags else {}))["RuleArn"]
    if properties.get("Targets"):
        bus = chosen(properties, "EventBusName")
        events.put_targets(Rule=name, Targets=properties["Targets"], **bus)
    # A rule of another bus than the default one is named with it, as at AWS.
    other = properties.get("EventBusName", "default").rpartition("/")[2]
    return Created(name if other == "default" else f"{other}|{name}", {"Arn": arn})
