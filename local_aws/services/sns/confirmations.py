"""Asking a mailbox or an HTTP endpoint whether it wants a topic's messages.

https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from moto.sns.models import Subscription

from local_aws.api import Context
from local_aws.services import deliveries, mail
from local_aws.services.sns.messages import HTTP_RETRIES, SENDER, http_headers
from local_aws.services.sns.pages import confirm_url
from local_aws.times import iso_milliseconds


def ask_to_confirm(aws: Context, subscription: Subscription) -> None:
    """Mail the token, or order its delivery to the HTTP endpoint."""
    topic, token = subscription.topic.arn, str(subscription.token)  # type: ignore[attr-defined]
    url = confirm_url(aws, topic, token)
    message_id = str(uuid.uuid4())
    if subscription.protocol.startswith("email"):
        text = (
            f"You have chosen to subscribe to the topic:\n{topic}\n\n"
            f"To confirm this subscription, open this address:\n{url}\n\n"
            f"or confirm it with this token:\n{token}\n\n"
            "If you did not ask for it, no action is necessary.\n"
        )
        content = mail.compose(
            sender=SENDER,
            subject="AWS Notification - Subscription Confirmation",
            text=text,
            to=[subscription.endpoint],
        )
        mail.keep(aws, content, [subscription.endpoint], message_id)
        return
    told = {
        "Type": "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic,
        "Message": f"You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": url,
        "Timestamp": iso_milliseconds(datetime.now(UTC)),
        "SignatureVersion": "1",
    }
    deliveries.add(
        aws,
        {
            "arn": subscription.endpoint,
            "payload": json.dumps(told, indent=2),
            "parameters": {"headers": http_headers(subscription, "SubscriptionConfirmation", message_id)},
            "retries": HTTP_RETRIES,
        },
    )
