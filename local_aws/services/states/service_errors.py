"""The names and causes under which a task reports what a service answered.

Optimised integrations name errors as the Java SDK 1 does, SDK integrations as the Java SDK 2:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.states.errors import StateError
from local_aws.services.states.resources import Resource, service_model

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
#: Names of the Java SDK 2's clients that are not the service's id without spaces.
SDK_PREFIXES = {
    "dynamodb": "DynamoDb",
    "events": "EventBridge",
    "kms": "Kms",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "stepfunctions": "Sfn",
    "sts": "Sts",
    "iam": "Iam",
    "ecs": "Ecs",
    "ec2": "Ec2",
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
    prefix = SDK_PREFIXES.get(resource.service) or service_model(resource.service).service_id.replace(" ", "")
    return Naming(prefix, prefix, f"{prefix}Exception")


def _exception(resource: Resource, code: str, fallback: str) -> str:
    model = service_model(resource.service)
    modelled = {str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in model.error_shapes}
    modelled |= {shape.name for shape in model.error_shapes}
    if code not in modelled:
        return fallback
    return code if code.endswith("Exception") else f"{code}Exception"
