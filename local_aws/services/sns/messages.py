"""A published message on its way to one subscription: queue, function, HTTP endpoint or mailbox.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from moto.sns.models import Subscription

from local_aws.api import Context
from local_aws.services import deliveries, mail
from local_aws.services.deliveries import Order
from local_aws.services.sns.pages import unsubscribe_url

logger = logging.getLogger(__name__)

#: SNS tries an HTTP endpoint four times unless the delivery policy says otherwise.
HTTP_RETRIES = 3
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
DEFAULT_SUBJECT = "AWS Notification Message"


class Message(NamedTuple):
    """``attributes`` as moto gives them: name to ``Type`` and ``Value``, binary values in base64."""

    id: str
    text: str
    subject: str | None
    attributes: dict[str, Any]
    group_id: str | None
    deduplication_id: str | None


def deliver(aws: Context, subscription: Subscription, message: Message) -> None:
    """Order the delivery, inside the caller's transaction; mail is put into the outbox at once."""
    protocol = subscription.protocol
    if protocol == "email":
        _mail(aws, subscription, message, message.text)
    elif protocol == "email-json":
        _mail(aws, subscription, message, json.dumps(notification(aws, subscription, message), indent=2))
    elif protocol in ORDERS:
        order = ORDERS[protocol](aws, subscription, message)
        dead_letters = json.loads(subscription.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
        if dead_letters:
            # https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
            order["dead_letter"] = {"arn": dead_letters, "body": order["payload"], "attributes": {}}
        deliveries.add(aws, order)
    else:
        logger.warning("a message for %s of %s goes nowhere on this server", protocol, subscription.topic.arn)


def notification(aws: Context, subscription: Subscription, message: Message) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html"""
    told = subscription.get_post_data(
        message.text, message.id, message.subject, message_attributes=message.attributes or None
    )
    told["UnsubscribeURL"] = unsubscribe_url(aws, subscription.arn)
    return dict(told)


def is_raw(subscription: Subscription) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery", False)).lower() == "true"


def _queue(aws: Context, subscription: Subscription, message: Message) -> Order:
    parameters: dict[str, Any] = {}
    if message.group_id:
        parameters["MessageGroupId"] = message.group_id
    if subscription.endpoint.endswith(".fifo"):
        digest = hashlib.sha256(message.text.encode()).hexdigest()
        parameters["MessageDeduplicationId"] = message.deduplication_id or digest
    if not is_raw(subscription):
        text = json.dumps(notification(aws, subscription, message), indent=2)
        return {"arn": subscription.endpoint, "payload": text, "parameters": parameters}
    if message.attributes:
        parameters["MessageAttributes"] = {name: _attribute(each) for name, each in message.attributes.items()}
    return {"arn": subscription.endpoint, "payload": message.text, "parameters": parameters}


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    if value["Type"].startswith("Binary"):
        return {"DataType": value["Type"], "BinaryValue": base64.b64decode(value["Value"])}
    return {"DataType": value["Type"], "StringValue": str(value["Value"])}


def _function(aws: Context, subscription: Subscription, message: Message) -> Order:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
    told = notification(aws, subscription, message)
    told["SigningCertUrl"], told["UnsubscribeUrl"] = told.pop("SigningCertURL"), told.pop("UnsubscribeURL")
    told.setdefault("Subject", None)
    told.setdefault("MessageAttributes", {})
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": told,
    }
    return {"arn": subscription.endpoint, "payload": json.dumps({"Records": [record]})}


def _http(aws: Context, subscription: Subscription, message: Message) -> Order:
    raw = is_raw(subscription)
    text = message.text if raw else json.dumps(notification(aws, subscription, message), indent=2)
    headers = http_headers(subscription, "Notification", message.id)
    headers["x-amz-sns-subscription-arn"] = subscription.arn
    if raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    policy = json.loads(subscription.attributes.get("DeliveryPolicy") or "{}")
    retries = policy.get("healthyRetryPolicy", {}).get("numRetries", HTTP_RETRIES)
    return {"arn": subscription.endpoint, "payload": text, "parameters": {"headers": headers}, "retries": retries}


def http_headers(subscription: Subscription, kind: str, message_id: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/sns/latest/dg/http-header.html"""
    return {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": subscription.topic.arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }


ORDERS: dict[str, Callable[[Context, Subscription, Message], Order]] = {
    "sqs": _queue,
    "lambda": _function,
    "http": _http,
    "https": _http,
}


def _mail(aws: Context, subscription: Subscription, message: Message, text: str) -> None:
    sender = f"{subscription.topic.display_name or 'AWS Notifications'} <no-reply@sns.amazonaws.com>"
    content = mail.compose(
        sender=sender, subject=message.subject or DEFAULT_SUBJECT, text=text, to=[subscription.endpoint]
    )
    mail.keep(aws, content, [subscription.endpoint], message.id)
