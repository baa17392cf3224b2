"""What is recorded of a call: names and ARNs from a list of what may be told, never a body, a secret or a token.

The fields are CloudTrail's:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.calls.incoming import IncomingCall
from local_aws.calls.log import Recorded
from local_aws.protocol import Response
from local_aws.read_only import is_read_only

#: Where CloudTrail's event source is not botocore's service name.
SOURCES = {
    "stepfunctions": "states",
    "cloudwatch": "monitoring",
    "sagemaker-runtime": "sagemaker",
    "dynamodbstreams": "dynamodb",
    "sesv2": "ses",
}
#: They hand out credentials; CloudTrail calls that a read, though the session is remembered here
#: (https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html).
HANDS_OUT_CREDENTIALS = "AssumeRole"
#: Parameters that say which thing a call is about; only texts and numbers are taken.
TOLD = frozenset(
    {"Bucket", "VersionId", "UploadId", "PartNumber", "Prefix", "CopySource", "QueueUrl", "KeyId", "TargetKeyId"}
    | {"RunId", "UUID", "SecretId", "UserPoolId", "ClientId", "Qualifier", "InvocationType", "MessageGroupId"}
    | {"RoleArn", "roleArn", "name", "Name", "Path", "GroupName", "AlarmNamePrefix", "statusFilter", "StatusEquals"}
)
NAMES_AND_ARNS = re.compile(r"\w*(Name|Arn|ARN)")
NEVER = re.compile(r"(?i)token|secret(?!id)|password")
LONGEST_TOLD = 1024
#: The parameter that names a resource, and the resource's type.
TYPES = {
    "Bucket": "AWS::S3::Bucket",
    "TableName": "AWS::DynamoDB::Table",
    "QueueUrl": "AWS::SQS::Queue",
    "TopicArn": "AWS::SNS::Topic",
    "KeyId": "AWS::KMS::Key",
    "SecretId": "AWS::SecretsManager::Secret",
    "FunctionName": "AWS::Lambda::Function",
    "stateMachineArn": "AWS::StepFunctions::StateMachine",
    "executionArn": "AWS::StepFunctions::Execution",
    "JobName": "AWS::Glue::Job",
    "RoleName": "AWS::IAM::Role",
    "RoleArn": "AWS::IAM::Role",
    "roleArn": "AWS::IAM::Role",
    "PolicyArn": "AWS::IAM::ManagedPolicy",
    "StackName": "AWS::CloudFormation::Stack",
    "logGroupName": "AWS::Logs::LogGroup",
    "UserPoolId": "AWS::Cognito::UserPool",
    "TrainingJobName": "AWS::SageMaker::TrainingJob",
    "ProcessingJobName": "AWS::SageMaker::ProcessingJob",
    "ModelName": "AWS::SageMaker::Model",
    "ModelPackageName": "AWS::SageMaker::ModelPackage",
    "ModelPackageGroupName": "AWS::SageMaker::ModelPackageGroup",
    "EndpointName": "AWS::SageMaker::Endpoint",
    "EndpointConfigName": "AWS::SageMaker::EndpointConfig",
    "Rule": "AWS::Events::Rule",
}
ERROR_IN_XML = re.compile(rb"<Code>([\w.]+)</Code>")
ERROR_IN_JSON = re.compile(rb'"(?:__type|code|Code)"\s*:\s*"(?:[^"#]*#)?([\w.]+)"')
DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})


def event_source(service: str) -> str:
    return f"{SOURCES.get(service, service)}.amazonaws.com"


def reads(service: str, name: str) -> bool:
    """CloudTrail's ``readOnly``."""
    return is_read_only(service, name) or (service == "sts" and name.startswith(HANDS_OUT_CREDENTIALS))


def entry(call: IncomingCall, response: Response) -> Recorded:
    parameters = call.parameters
    told = dict(_told(call.service, parameters))
    error = error_code(call, response)
    document: dict[str, Any] = {"parameters": told, "kind": call.principal.kind, "user_id": call.principal.user_id}
    document["address"] = call.environ.get("REMOTE_ADDR", "")
    if call.principal.source:
        document["source"] = call.principal.source
    if call.error is not None and error in DENIALS:
        # The only messages that hold nothing but names: others may quote what was sent.
        document["message"] = call.error.message
    return Recorded(
        event_id=str(uuid.uuid4()),
        time=call.began,
        duration_ms=call.duration_ms,
        source=event_source(call.service),
        name=call.name,
        principal=call.principal.arn,
        role=call.principal.role,
        access_key=call.access_key if call.principal.role else None,
        read_only=reads(call.service, call.name),
        error=error,
        request_id=_request_id(call, response),
        resources=list(dict.fromkeys([*_resources(call.service, parameters, told), *call.about])),
        document=document,
    )


def error_code(call: IncomingCall, response: Response) -> str | None:
    """AWS's name of the error that was answered; the bare status where there is none, as for HEAD."""
    if call.error is not None:
        return call.error.code
    if response.status < 400:
        return None
    headers = {name.lower(): value for name, value in response.headers.items()}
    if code := headers.get("x-amzn-query-error"):
        return str(code).partition(";")[0]
    if kind := headers.get("x-amzn-errortype"):
        return str(kind).partition(":")[0].rpartition("#")[2]
    body = response.body[:4096] if isinstance(response.body, bytes) else b""
    match = ERROR_IN_XML.search(body) or ERROR_IN_JSON.search(body)
    return match[1].decode() if match else str(response.status)


def _request_id(call: IncomingCall, response: Response) -> str:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return str(headers.get("x-amzn-requestid") or headers.get("x-amz-request-id") or call.request_id)


def _told(service: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, str | int) or NEVER.search(name):
            continue
        # An S3 key is a name; elsewhere a key may be a row's.
        if name in TOLD or NAMES_AND_ARNS.fullmatch(name) or (service == "s3" and name == "Key"):
            yield name, value[:LONGEST_TOLD] if isinstance(value, str) else value


def _resources(service: str, parameters: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if service == "s3" and "Key" in told:
        yield "AWS::S3::Object", f"arn:aws:s3:::{told.get('Bucket', '')}/{told['Key']}"
    for name, kind in TYPES.items():
        if name in told:
            yield kind, str(told[name])
    if service == "dynamodb":
        for table in sorted(tables(parameters)):
            yield "AWS::DynamoDB::Table", table


def tables(parameters: Mapping[str, Any]) -> set[str]:
    """The tables of a batch or transaction."""
    named = parameters.get("RequestItems")
    found = {str(name) for name in named} if isinstance(named, Mapping) else set()
    items = parameters.get("TransactItems")
    for item in items if isinstance(items, list) else []:
        for action in item.values() if isinstance(item, Mapping) else []:
            if isinstance(action, Mapping) and "TableName" in action:
                found.add(str(action["TableName"]))
    return found
