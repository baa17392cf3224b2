"""Which service a request is for."""

from __future__ import annotations

import pytest

from local_aws.routing import action_of, service_of

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20240101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def signed(name: str, **environ: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": SIGNED.format(name), **environ}


@pytest.mark.parametrize(
    ("environ", "service"),
    [
        ({"HTTP_X_AMZ_TARGET": "AWSStepFunctions.StartExecution"}, "stepfunctions"),
        ({"HTTP_X_AMZ_TARGET": "AWSCognitoIdentityProviderService.InitiateAuth"}, "cognito-idp"),
        (signed("sagemaker", HTTP_X_AMZ_TARGET="SageMaker.CreateModel"), "sagemaker"),
        (signed("sagemaker", PATH_INFO="/endpoints/e/invocations"), "sagemaker-runtime"),
        (signed("states", HTTP_X_AMZ_TARGET="Unheard.Of"), "stepfunctions"),
        (signed("lambda", PATH_INFO="/2015-03-31/functions/f"), "lambda"),
        (signed("cloudformation"), "cloudformation"),
        (signed("s3", PATH_INFO="/bucket/key"), "s3"),
        (signed("s3", HTTP_X_AMZ_TARGET="DynamoDB_20120810.GetItem"), "s3"),
        ({"PATH_INFO": "/bucket/key"}, "s3"),
        ({"QUERY_STRING": "X-Amz-Credential=test%2F20240101%2Fus-east-1%2Fs3%2Faws4_request"}, "s3"),
        ({"QUERY_STRING": "X-Amz-Credential=test%2F20240101%2Fus-east-1%2Fsts%2Faws4_request"}, "sts"),
    ],
)
def test_service_of_a_request(environ: dict[str, str], service: str) -> None:
    assert service_of(environ) == service


def test_action_from_target_form_or_nowhere() -> None:
    assert action_of({"HTTP_X_AMZ_TARGET": "AmazonSQS.SendMessage"}, b"{}") == "SendMessage"
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
    assert action_of(form, b"Action=CreateStack&Version=2010-05-15") == "CreateStack"
    assert action_of({}, b"") == ""


def test_s3_has_no_action_but_its_path() -> None:
    """Or a role that may read could write: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_X_AMZ_TARGET": "S3.GetObject"}
    assert action_of(form, b"Action=GetObject", "s3") == ""
