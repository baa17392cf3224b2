"""Which service and operation a request is for, from its target header, its signature or its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

#: Target prefixes of the JSON protocols (``targetPrefix`` in botocore's service models).
TARGETS = {
    "AWSStepFunctions": "stepfunctions",
    "SageMaker": "sagemaker",
    "AWSGlue": "glue",
    "TrentService": "kms",
    "AWSEvents": "events",
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodbstreams",
    "AmazonSQS": "sqs",
    "Logs_20140328": "logs",
    "AmazonSSM": "ssm",
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "GraniteServiceVersion20100801": "cloudwatch",
}
#: Signing names that differ from botocore's service names.
SIGNING_NAMES = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses", "airflow": "mwaa"}
RUNTIME_PATH = re.compile(r"/endpoints/[^/]+/(async-)?invocations")
METRICS_PATHS = ("/BatchPutMetrics", "/BatchGetMetrics")
#: Both versions of SES sign as ``ses``.
SES_V2_PATH = "/v2/email/"
CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/,]+)/")
DEFAULT_SERVICE = "s3"


def service_of(environ: Mapping[str, Any]) -> str:
    """The botocore service name of a request; what is not signed and has no target is S3's (presigned URLs)."""
    prefix = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[0]
    match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if prefix in TARGETS and (match is None or match[1].lower() != "s3"):
        return TARGETS[prefix]
    if match is None:
        return prefix or _service_of_query(environ)
    name = str(match[1]).lower()
    if name == "ses" and str(environ.get("PATH_INFO", "")).startswith(SES_V2_PATH):
        return "sesv2"
    if name == "sagemaker" and RUNTIME_PATH.search(environ.get("PATH_INFO", "")):
        return "sagemaker-runtime"
    if name == "sagemaker" and environ.get("PATH_INFO") in METRICS_PATHS:
        return "sagemaker-metrics"
    return SIGNING_NAMES.get(name, name)


def _service_of_query(environ: Mapping[str, Any]) -> str:
    credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    if len(parts) != 5:
        return DEFAULT_SERVICE
    return SIGNING_NAMES.get(str(parts[3]), str(parts[3]))


def action_of(environ: Mapping[str, Any], body: bytes, service: str = "") -> str:
    """The operation's name in the JSON and query protocols; empty in the REST protocols.

    What S3 does is said by method and path: a header or a body with another name must not pass for it.
    """
    if service == "s3":
        return ""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    return ""
