"""The places in moto's SNS where messages leave and subscriptions are confirmed.

What decides about moto's state here (tokens, filters) draws on nothing but the request and moto's own chance, so that
a request which is run again gives the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from local_aws.services.announcements import announce
from local_aws.services.sns.confirmations import ask_to_confirm
from local_aws.services.sns.messages import Message, deliver

#: Endpoints that must confirm that they want the messages
#: (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
CONFIRMED_BY_TOKEN = ("email", "email-json", "http", "https")
PENDING, LISTED_PENDING = "pending confirmation", "PendingConfirmation"

_subscribe = SNSBackend.subscribe
_respond_to_subscribe = SNSResponse.subscribe
_respond_to_get_topic = SNSResponse.get_topic_attributes


def install() -> None:
    Subscription.publish = _publish  # type: ignore[method-assign, assignment]
    Subscription.private_key = _private_key  # type: ignore[method-assign, assignment]
    SNSBackend.subscribe = _subscribed  # type: ignore[method-assign, assignment]
    SNSResponse.subscribe = _subscribe_answer  # type: ignore[method-assign, assignment]
    SNSResponse.confirm_subscription = _confirm  # type: ignore[method-assign, assignment]
    SNSResponse.get_topic_attributes = _topic_attributes  # type: ignore[method-assign, assignment]
    SNSResponse.list_subscriptions = _list  # type: ignore[method-assign, assignment]
    SNSResponse.list_subscriptions_by_topic = _list_of_topic  # type: ignore[method-assign, assignment]


def is_pending(subscription: Subscription) -> bool:
    return subscription.attributes.get("PendingConfirmation") is True


def _publish(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    message_structure: str | None = None,
) -> None:
    """Note a message for this subscription, when its filter policy wants it."""
    matcher = subscription._filter_policy_matcher
    if is_pending(subscription) or (matcher is not None and not matcher.matches(message_attributes, message)):
        return
    if message_structure == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)
    noted = Message(message_id, message, subject, message_attributes or {}, group_id, deduplication_id)
    announce(lambda aws: deliver(aws, subscription, noted))


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_key(subscription: Subscription) -> rsa.RSAPrivateKey:
    """One key for all: moto makes one for each subscription, which takes a fifth of a second."""
    return _key()


def _subscribed(backend: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    """A subscription that waits for its token, where the protocol wants one. Asking again sends the token again."""
    known = backend._find_subscription(topic_arn, endpoint, protocol)
    subscription = _subscribe(backend, topic_arn, endpoint, protocol)
    if protocol in CONFIRMED_BY_TOKEN:
        if known is None:
            subscription.token = mock_random.get_random_hex(64)  # type: ignore[attr-defined]
            subscription.attributes.update(PendingConfirmation=True, ConfirmationWasAuthenticated=False)
        if is_pending(subscription):
            announce(lambda aws: ask_to_confirm(aws, subscription))
    return subscription


def _subscribe_answer(response: SNSResponse) -> ActionResult:
    answer = _respond_to_subscribe(response)
    arn = answer.result["SubscriptionArn"]  # type: ignore[index]
    wants_arn = str(response._get_param("ReturnSubscriptionArn")).lower() == "true"
    if is_pending(response.backend.subscriptions[arn]) and not wants_arn:
        return ActionResult({"SubscriptionArn": PENDING})
    return answer


def _confirm(response: SNSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html"""
    topic, token = response._get_param("TopicArn"), response._get_param("Token")
    if topic not in response.backend.topics:
        raise SNSNotFoundError("Topic does not exist")
    for subscription in response.backend.subscriptions.values():
        if subscription.topic.arn == topic and token and getattr(subscription, "token", None) == token:
            authenticated = str(response._get_param("AuthenticateOnUnsubscribe")).lower() == "true"
            subscription.attributes.update(PendingConfirmation=False, ConfirmationWasAuthenticated=authenticated)
            subscription.confirmed = True
            return ActionResult({"SubscriptionArn": subscription.arn})
    raise SNSInvalidParameter("Invalid parameter: Token")


def _topic_attributes(response: SNSResponse) -> ActionResult:
    """With the numbers of subscriptions, which moto does not count."""
    answer = _respond_to_get_topic(response)
    attributes: dict[str, Any] = answer.result["Attributes"]  # type: ignore[index]
    found = [
        each for each in response.backend.subscriptions.values() if each.topic.arn == response._get_param("TopicArn")
    ]
    pending = sum(is_pending(each) for each in found)
    attributes.update(SubscriptionsPending=pending, SubscriptionsConfirmed=len(found) - pending)
    return answer


def _list(response: SNSResponse) -> ActionResult:
    found, token = response.backend.list_subscriptions(next_token=response._get_param("NextToken"))
    return _listed(found, token)


def _list_of_topic(response: SNSResponse) -> ActionResult:
    found, token = response.backend.list_subscriptions_by_topic(
        response._get_param("TopicArn"), next_token=response._get_param("NextToken")
    )
    return _listed(found, token)


def _listed(found: list[Subscription], token: int | None) -> ActionResult:
    """A subscription that is not confirmed has no ARN in lists."""
    told = [
        {
            "SubscriptionArn": LISTED_PENDING if is_pending(each) else each.arn,
            "Owner": each.owner,
            "Protocol": each.protocol,
            "Endpoint": each.endpoint,
            "TopicArn": each.topic.arn,
        }
        for each in found
    ]
    return ActionResult({"Subscriptions": told, "NextToken": token})
