"""The names and causes under which a task reports what a service answered.

Optimised integrations name errors as the Java SDK 1 does, SDK integrations as the Java SDK 2:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.states.errors import StateError
from local_aws.services.states.tasks.resources import Resource, service_model
from local_aws.services.states.tasks.sdk_names import client_name, exception_name

CAUSE_LIMIT = 32_768


@dataclass(frozen=True)
class Naming:
    """``prefix`` starts the error's name; ``service`` stands in the cause; ``fallback`` names unmodelled errors."""

    prefix: str
    service: str
    fallback: str


OPTIMISED = {
    "lambda": Naming("Lambda", "AWSLambda", "AWSLambdaException"),
    "sqs": Naming("SQS", "AmazonSQS", "AmazonSQSException"),
    "sns": Naming("SNS", "AmazonSNS", "AmazonSNSException"),
    "events": Naming("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "dynamodb": Naming("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "glue": Naming("Glue", "AWSGlue", "AWSGlueException"),
    "sagemaker": Naming("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
    "stepfunctions": Naming("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
}


def service_error(resource: Resource, error: ClientError) -> StateError:
    """What a task fails with when the service refuses the call."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    metadata = error.response.get("ResponseMetadata", {})
    status, request = metadata.get("HTTPStatusCode", 400), metadata.get("RequestId", "")
    naming = _naming(resource)
    name = f"{naming.prefix}.{_exception(resource, code, naming.fallback)}"
    if resource.kind == "sdk":
        cause = f"{message} (Service: {naming.service}, Status Code: {status}, Request ID: {request})"
    else:
        cause = (
            f"{message} (Service: {naming.service}; Status Code: {status}; Error Code: {code}; "
            f"Request ID: {request}; Proxy: null)"
        )
    return StateError(name, cause[:CAUSE_LIMIT])


def client_error(resource: Resource, error: BotoCoreError) -> StateError:
    """What a task fails with when the service cannot be reached."""
    name = f"{_naming(resource).prefix}.SdkClientException"
    return StateError(name, f"Unable to execute HTTP request: {error}"[:CAUSE_LIMIT])


def _naming(resource: Resource) -> Naming:
    if resource.kind != "sdk":
        return OPTIMISED[resource.service]
    prefix = client_name(service_model(resource.service).service_id)
    return Naming(prefix, prefix, f"{prefix}Exception")


def _exception(resource: Resource, code: str, fallback: str) -> str:
    """The exception of the SDK that stands for a code; the service's own exception for one that its model lacks."""
    for shape in service_model(resource.service).error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            name = str(shape.name)
            if resource.kind == "sdk":
                return exception_name(name)
            return name if name.endswith("Exception") else f"{name}Exception"
    return fallback
