"""What could not be delivered goes to its dead-letter queue, with the reason in message attributes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import logging

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.deliveries.failures import DeliveryError
from local_aws.services.deliveries.orders import Order
from local_aws.services.queues import url_of

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 1000


def bury(aws: Context, order: Order, error: DeliveryError, exhausted: str | None) -> None:
    """Send the order to its dead-letter queue. ``exhausted`` is the limit of the retry policy that was reached."""
    dead_letter = order.get("dead_letter")
    if dead_letter is None:
        logger.warning("a delivery to %s is given up after %d attempts: %s", order["arn"], order["attempts"], error)
        return
    attributes = {
        **dead_letter["attributes"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message[:LONGEST_MESSAGE] or error.code,
        "RETRY_ATTEMPTS": str(order["attempts"] - 1),
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    try:
        aws.client("sqs").send_message(
            QueueUrl=url_of(aws, dead_letter["arn"]),
            MessageBody=dead_letter["body"],
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
    except (ClientError, BotoCoreError) as failure:
        logger.warning("the dead-letter queue %s could not be reached: %s", dead_letter["arn"], failure)
