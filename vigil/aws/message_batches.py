"""SQS batches in a function: each message by itself, and the failed ones named, so that only they come again.

Shapes: "Using Lambda with Amazon SQS" (event) and "Reporting batch item failures" (answer), AWS Lambda Developer Guide.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from vigil.aws.pinning import describe_problems

logger = logging.getLogger(__name__)


def each_message(event: Mapping[str, Any], handle: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Call ``handle`` with each record; gives the answer that reports those that failed.

    The log names what is wrong, never what a message holds: it may be a token.
    """
    failed = []
    for record in event["Records"]:
        try:
            handle(record)
        except ValidationError as error:
            logger.error("message %s is not usable: %s", record["messageId"], describe_problems(error))
            failed.append(record["messageId"])
        except Exception as error:
            logger.exception("message %s failed: %s", record["messageId"], type(error).__name__)
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
