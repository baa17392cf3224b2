"""The URL of an SQS queue from its ARN."""

from __future__ import annotations

from local_aws.api import Context


def url_of(aws: Context, arn: str) -> str:
    return f"{aws.endpoint}/{aws.account}/{arn.rpartition(':')[2]}"
