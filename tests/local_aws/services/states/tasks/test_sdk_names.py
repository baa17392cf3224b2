"""Names as the AWS SDK for Java 2 has them, and what tasks make of them.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from state_machines import FakeServices, client_error

from local_aws.services.states.errors import StateError
from local_aws.services.states.tasks.integrations import Caller, call, prepare
from local_aws.services.states.tasks.resources import SDK_SERVICES, ResourceError, parse, service_model
from local_aws.services.states.tasks.sdk_names import client_name, exception_name, field_name

CALLER = Caller("arn:aws:states:us-east-1:123456789012:execution:m:e", "arn:aws:states:us-east-1:123456789012:x")


def sdk(api: str) -> Any:
    return parse(f"arn:aws:states:::aws-sdk:{api}")


@pytest.mark.parametrize(
    ("service_id", "name"),
    [
        ("DynamoDB", "DynamoDb"),
        ("SFN", "Sfn"),
        ("S3", "S3"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("Cognito Identity Provider", "CognitoIdentityProvider"),
        ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
        ("ApiGatewayV2", "ApiGatewayV2"),
        ("SageMaker Runtime", "SageMakerRuntime"),
        ("Database Migration Service", "DatabaseMigration"),
        ("FSx", "FSx"),
    ],
)
def test_client_names(service_id: str, name: str) -> None:
    assert client_name(service_id) == name


@pytest.mark.parametrize("name", sorted(SDK_SERVICES))
def test_every_service_with_a_name_of_its_own_is_called_by_it(name: str) -> None:
    assert client_name(service_model(SDK_SERVICES[name]).service_id).lower() == name


@pytest.mark.parametrize("name", ["s3", "secretsmanager", "sagemakerruntime", "glue", "ses", "sesv2", "apigateway"])
def test_other_services_keep_botocores_name_without_hyphens(name: str) -> None:
    service = sdk(f"{name}:{first_action(name)}").service
    assert client_name(service_model(service).service_id).lower() == name


def first_action(name: str) -> str:
    hyphened = {"sagemakerruntime": "sagemaker-runtime"}.get(name, name)
    operation = next(iter(service_model(hyphened).operation_names))
    return str(operation[0].lower() + operation[1:])


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ("DBInstanceIdentifier", "DbInstanceIdentifier"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ETag", "ETag"),
        ("executionArn", "ExecutionArn"),
        ("ContentMD5", "ContentMD5"),
        ("S3Uri", "S3Uri"),
    ],
)
def test_field_names(member: str, field: str) -> None:
    assert field_name(member) == field


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("NoSuchKey", "NoSuchKeyException"),
        ("DBInstanceNotFoundFault", "DbInstanceNotFoundException"),
        ("KMSInvalidStateException", "KmsInvalidStateException"),
        ("ResourceInUse", "ResourceInUseException"),
    ],
)
def test_exception_names(shape: str, name: str) -> None:
    assert exception_name(shape) == name


@pytest.mark.parametrize(
    ("resource", "parameters", "code", "error"),
    [
        ("sqs:purgeQueue", {"QueueUrl": "q"}, "QueueDoesNotExist", "Sqs.QueueDoesNotExistException"),
        ("rds:describeDBInstances", {}, "DBInstanceNotFound", "Rds.DbInstanceNotFoundException"),
        ("sagemaker:describeEndpoint", {"EndpointName": "e"}, "ValidationException", "SageMaker.SageMakerException"),
        ("glue:getJob", {"JobName": "j"}, "EntityNotFoundException", "Glue.EntityNotFoundException"),
        (
            "cognitoidentityprovider:adminGetUser",
            {"UserPoolId": "p", "Username": "u"},
            "UserNotFoundException",
            "CognitoIdentityProvider.UserNotFoundException",
        ),
    ],
)  # fmt: skip
def test_errors_of_sdk_integrations(resource: str, parameters: Any, code: str, error: str) -> None:
    def refuse(**_: Any) -> None:
        raise client_error(code, "no")

    services = FakeServices()
    named = sdk(resource)
    from botocore import xform_name

    services.on(f"{named.service}.{xform_name(named.operation)}", refuse)
    with pytest.raises(StateError) as caught:
        call(services, named, parameters, CALLER)
    assert caught.value.error == error


@pytest.mark.parametrize("field", ["DbInstanceIdentifier", "DBInstanceIdentifier"])
def test_fields_may_be_called_by_the_sdks_name_or_the_apis(field: str) -> None:
    assert prepare(sdk("rds:describeDBInstances"), {field: "d"}, CALLER) == {"DBInstanceIdentifier": "d"}


def test_results_have_the_sdks_names_but_attribute_values_the_apis() -> None:
    services = FakeServices()
    services.on("rds.describe_db_instances", lambda **_: {"DBInstances": [{"DBInstanceIdentifier": "d"}]})
    found = call(services, sdk("rds:describeDBInstances"), {}, CALLER)
    assert found == {"DbInstances": [{"DbInstanceIdentifier": "d"}]}
    services.on("dynamodb.get_item", lambda **_: {"Item": {"n": {"NULL": True}}})
    assert call(services, sdk("dynamodb:getItem"), {"TableName": "t", "Key": {}}, CALLER)["Item"]["n"] == {"NULL": True}


def test_a_null_leaves_its_field_out() -> None:
    # Recorded on AWS: startExecution with a null Input is made without it.
    given = {"StateMachineArn": "m", "Input": None}
    assert prepare(parse("arn:aws:states:::states:startExecution"), given, CALLER) == {"stateMachineArn": "m"}


@pytest.mark.parametrize(("body", "text"), [(b"text", "text"), ("é".encode(), "é"), (b"\xff\x00", "/wA=")])
def test_blobs_are_text_or_base64(body: bytes, text: str) -> None:
    services = FakeServices()
    services.on("s3.get_object", lambda **_: {"Body": io.BytesIO(body)})
    assert call(services, sdk("s3:getObject"), {"Bucket": "b", "Key": "k"}, CALLER) == {"Body": text}


@pytest.mark.parametrize(
    "resource",
    ["batch:submitJob.sync", "ecs:runTask.waitForTaskToken", "athena:startQueryExecution.sync",
     "elasticmapreduce:createCluster.sync", "apigateway:invoke", "sagemaker:createLabelingJob.sync"],
)  # fmt: skip
def test_integrations_that_are_not_served_are_refused_in_plain_words(resource: str) -> None:
    with pytest.raises(ResourceError, match="local_aws does not serve"):
        parse(f"arn:aws:states:::{resource}")
