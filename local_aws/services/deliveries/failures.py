"""Why a delivery failed, and whether trying again could help."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestThrottled",
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ServiceUnavailable",
    }
)
FIRST_SERVER_ERROR = 500


class DeliveryError(Exception):
    """A delivery did not arrive. ``lasting`` errors (a target that is not there, say) are not tried again
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html)."""

    def __init__(self, code: str, message: str, *, lasting: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.lasting = lasting
        #: Seconds that the target asked to be left alone.
        self.retry_after = retry_after


class PostponedError(Exception):
    """Not tried yet: the target's turn comes at ``due`` (seconds since 1970)."""

    def __init__(self, due: float) -> None:
        super().__init__(f"due at {due}")
        self.due = due


def delivery_error(error: ClientError | BotoCoreError) -> DeliveryError:
    if not isinstance(error, ClientError):
        return DeliveryError("SDK_CLIENT_ERROR", str(error))
    code = str(error.response["Error"]["Code"])
    status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", FIRST_SERVER_ERROR))
    lasting = status < FIRST_SERVER_ERROR and code not in THROTTLED
    return DeliveryError(code, str(error.response["Error"].get("Message", code)), lasting=lasting)
