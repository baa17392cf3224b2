"""Failures in the exact form in which each service sends them, so that SDKs' retries see what AWS would send.

Codes and statuses are those of botocore's service models and of the pages named; the retries that react to them:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

from moto.core.model import OperationModel

from local_aws import protocol
from local_aws.api import ApiError
from local_aws.protocol import Response, protocol_of

RATE_EXCEEDED = "Rate exceeded"
RETRY_AFTER_SECONDS = "1"
#: Operations of DynamoDB that use up a table's throughput; the others are throttled as any JSON service does.
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
OF_ITEMS = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"}
    | {"TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement"}
)
THROUGHPUT = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
THROTTLED = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": ApiError("SlowDown", "Please reduce your request rate.", 503),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors
    "sqs": ApiError("RequestThrottled", "Request is throttled.", 403),
    # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    "lambda": ApiError("TooManyRequestsException", "Rate Exceeded.", 429),
    # https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
    "kms": ApiError(
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    ),
    "cloudwatch": ApiError("Throttling", RATE_EXCEEDED),
    "cognito-idp": ApiError("TooManyRequestsException", RATE_EXCEEDED),
    "dynamodbstreams": ApiError("LimitExceededException", "Too many operations for a given subscriber."),
    "sns": ApiError("Throttled", RATE_EXCEEDED, 429),
}
FAILED = {
    "s3": ApiError("InternalError", "We encountered an internal error. Please try again.", 500),
    "dynamodb": ApiError("InternalServerError", "The request processing has failed because of an unknown error.", 500),
    "dynamodbstreams": ApiError("InternalServerError", "An error occurred on the server side.", 500),
    "lambda": ApiError("ServiceException", "An error occurred and the request cannot be processed.", 500),
    "kms": ApiError("KMSInternalException", "The request was rejected because an internal exception occurred.", 500),
    "sns": ApiError("InternalError", "An internal service error occurred.", 500),
    "logs": ApiError("ServiceUnavailableException", "The service cannot complete the request.", 500),
    "ssm": ApiError("InternalServerError", "An error occurred on the server side.", 500),
    "secretsmanager": ApiError("InternalServiceError", "An error occurred on the server side.", 500),
    "cognito-idp": ApiError("InternalErrorException", "Cognito encountered an internal error.", 500),
}
#: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
FAILURE = "The request processing has failed because of an unknown error, exception or failure."
UNAVAILABLE = "The request has failed due to a temporary failure of the server."


def error_of(service: str, operation: str, fault: str) -> ApiError:
    """The error that stands for ``throttle``, ``500`` or ``503``."""
    if fault == "throttle":
        return _throttled(service, operation)
    if fault == "503":
        code = "ServiceUnavailable" if protocol_of(service) in ("query", "rest-xml") else "ServiceUnavailableException"
        return ApiError(code, UNAVAILABLE, 503)
    return FAILED.get(service, ApiError("InternalFailure", FAILURE, 500))


def answer(service: str, operation: OperationModel | None, name: str, fault: str) -> Response:
    error = error_of(service, name, fault)
    response = protocol.serialize_error(service, operation, error)
    if fault == "throttle" and service == "lambda":
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _throttled(service: str, operation: str) -> ApiError:
    if service == "dynamodb" and operation in OF_ITEMS:
        return ApiError("ProvisionedThroughputExceededException", THROUGHPUT)
    code = "Throttling" if protocol_of(service) == "query" else "ThrottlingException"
    return THROTTLED.get(service, ApiError(code, RATE_EXCEEDED))
