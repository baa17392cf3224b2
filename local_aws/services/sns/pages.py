"""What the addresses in mails and notifications open: confirming a subscription, and ending one.

At AWS these are unsigned requests to SNS; here they have a path of their own, since nothing else says whose they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from botocore.exceptions import ClientError

from local_aws.api import Context
from local_aws.protocol import Response

PATH = "/_local_aws/sns/"
CONFIRM, UNSUBSCRIBE = f"{PATH}confirm", f"{PATH}unsubscribe"


def confirm_url(aws: Context, topic: str, token: str) -> str:
    return f"{aws.endpoint}{CONFIRM}?{urlencode({'TopicArn': topic, 'Token': token})}"


def unsubscribe_url(aws: Context, subscription: str) -> str:
    return f"{aws.endpoint}{UNSUBSCRIBE}?{urlencode({'SubscriptionArn': subscription})}"


def respond(aws: Context, environ: Mapping[str, Any]) -> Response:
    """Answer such an address by the public API."""
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    sns = aws.client("sns")
    try:
        if environ["PATH_INFO"] == CONFIRM:
            asked = {"TopicArn": query.get("TopicArn", ""), "Token": query.get("Token", "")}
            return _text(200, f"Subscription confirmed: {sns.confirm_subscription(**asked)['SubscriptionArn']}")
        if environ["PATH_INFO"] == UNSUBSCRIBE:
            sns.unsubscribe(SubscriptionArn=query.get("SubscriptionArn", ""))
            return _text(200, "Subscription removed")
    except ClientError as error:
        return _text(400, str(error))
    return _text(404, "there is no such page")


def _text(status: int, text: str) -> Response:
    return Response(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())
