"""How each kind of target is reached: always by the public API of its service."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import ApiError, Context
from local_aws.identity.acting import acting_as
from local_aws.services import event_bus
from local_aws.services.deliveries import api_destinations
from local_aws.services.deliveries.failures import DeliveryError, delivery_error
from local_aws.services.deliveries.orders import Order
from local_aws.services.queues import url_of

#: SNS waits 15 seconds for an HTTP endpoint
#: (https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html).
HTTP_TIMEOUT_SECONDS = 15
HTTP_DONE = range(200, 300)
HTTP_LASTING = range(300, 500)
HTTP_TOO_MANY = 429
API_DESTINATION = "api-destination"


def send(aws: Context, order: Order, key: str) -> None:
    """Deliver once; raises ``DeliveryError``."""
    kind = kind_of(order["arn"])
    aws = acting_as(aws, order.get("role"), "EventBridge", order["arn"])
    try:
        SENDERS[kind](aws, order, key)
    except (ClientError, BotoCoreError) as error:
        raise delivery_error(error) from error
    except ApiError as error:
        raise DeliveryError(error.code, error.message, lasting=True) from error


def kind_of(arn: str) -> str:
    """Which of ``SENDERS`` reaches this target; ``ValueError`` for none."""
    if arn.startswith(("http://", "https://")):
        return "http"
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn" or parts[2] not in SENDERS:
        raise ValueError(f"{arn} cannot be a target on this server")
    if parts[2] == "events" and parts[5].startswith(f"{API_DESTINATION}/"):
        return API_DESTINATION
    if parts[2] == "events" and not parts[5].startswith("event-bus/"):
        raise ValueError(
            f"{arn} cannot be a target on this server: of EventBridge only event buses and API destinations can"
        )
    return parts[2]


def _invoke(aws: Context, order: Order, key: str) -> None:
    aws.client("lambda").invoke(FunctionName=order["arn"], InvocationType="Event", Payload=order["payload"])


def _start(aws: Context, order: Order, key: str) -> None:
    states = aws.client("stepfunctions")
    try:
        states.start_execution(stateMachineArn=order["arn"], name=key, input=order["payload"])
    except states.exceptions.ExecutionAlreadyExists:
        return  # started before a kill, under the order's own name


def _publish(aws: Context, order: Order, key: str) -> None:
    aws.client("sns").publish(TopicArn=order["arn"], Message=order["payload"], **order["parameters"])


def _enqueue(aws: Context, order: Order, key: str) -> None:
    aws.client("sqs").send_message(
        QueueUrl=url_of(aws, order["arn"]), MessageBody=order["payload"], **order["parameters"]
    )


def _log(aws: Context, order: Order, key: str) -> None:
    logs, group = aws.client("logs"), order["arn"].split(":log-group:")[1].removesuffix(":*")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=key)
    event = {"timestamp": int(time.time() * 1000), "message": order["payload"]}
    logs.put_log_events(logGroupName=group, logStreamName=key, logEvents=[event])


def _forward(aws: Context, order: Order, key: str) -> None:
    event_bus.accept(aws, json.loads(order["payload"]), order["arn"].rpartition("/")[2])


def _post(aws: Context, order: Order, key: str) -> None:
    url = urlsplit(order["arn"])
    secure = url.scheme == "https"
    made = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        with contextlib.closing(made(url.netloc, timeout=HTTP_TIMEOUT_SECONDS)) as connection:
            connection.request("POST", path, order["payload"].encode(), order["parameters"].get("headers", {}))
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError("CONNECTION_FAILED", type(error).__name__) from error
    if status not in HTTP_DONE:
        lasting = status in HTTP_LASTING and status != HTTP_TOO_MANY
        raise DeliveryError(str(status), f"the endpoint answered {status}", lasting=lasting)


def _call(aws: Context, order: Order, key: str) -> None:
    """A universal target of EventBridge Scheduler: ``arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION``."""
    client, method = universal_call(aws, order["arn"])
    try:
        getattr(client, method)(**json.loads(order["payload"] or "{}"))
    except (TypeError, ValueError) as error:
        raise DeliveryError("ValidationException", str(error), lasting=True) from error


def universal_call(aws: Context, arn: str) -> tuple[Any, str]:
    """The client and its method that a universal target names; ``ValueError`` when there is none."""
    from botocore import xform_name
    from botocore.exceptions import UnknownServiceError

    parts = arn.split(":")
    if len(parts) != 8 or parts[5] != "aws-sdk":
        raise ValueError(f"{arn} must read arn:aws:scheduler:::aws-sdk:service:operation")
    name = SERVICE_NAMES.get(parts[6], parts[6])
    try:
        client = aws.client(name)
    except UnknownServiceError as error:
        raise ValueError(f"{parts[6]} is no service") from error
    method = xform_name(parts[7][:1].upper() + parts[7][1:])
    if method not in client.meta.method_to_api_mapping:
        raise ValueError(f"{parts[6]} has no operation {parts[7]}")
    return client, method


#: What Scheduler calls a service where botocore has another name.
SERVICE_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
SENDERS: dict[str, Callable[[Context, Order, str], None]] = {
    "lambda": _invoke,
    "states": _start,
    "sns": _publish,
    "sqs": _enqueue,
    "logs": _log,
    "events": _forward,
    "http": _post,
    API_DESTINATION: api_destinations.invoke,
    "scheduler": _call,
}
