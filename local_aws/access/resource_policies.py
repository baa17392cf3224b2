"""The policies that hang on resources: buckets, queues, topics, keys, functions, secrets and tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local_aws.access.kms_needs import key_policy
from local_aws.access.policies import Statement, statements
from local_aws.api import Context

FUNCTIONS = "lambda_function"
#: Services whose own policy must let the account in before its identity policies count:
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
RULED_BY_RESOURCE = frozenset({"kms"})


def resource_policy(context: Context | None, arn: str) -> tuple[Statement, ...]:
    """The statements of the policy of the resource with this ARN; none where it has no policy."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ()
    service, name = parts[2], parts[5]
    document: Any = None
    if service == "s3":
        document = _bucket_policy(name.partition("/")[0])
    elif service == "sqs":
        document = _queue_policy(name)
    elif service == "sns":
        document = _topic_policy(arn)
    elif service == "kms" and name.startswith("key/"):
        document = key_policy(arn)
    elif service == "lambda" and context is not None:
        document = _function_policy(context, name.removeprefix("function:").partition(":")[0])
    elif service == "secretsmanager":
        document = _secret_policy(arn)
    elif service == "dynamodb":
        document = _table_policy(arn)
    if not document:
        return ()
    return statements(document if isinstance(document, str) else json.dumps(document), arn)


def _bucket_policy(name: str) -> str | None:
    from moto.s3.models import s3_backends

    for backend in _each(s3_backends):
        bucket = backend.buckets.get(name)
        if bucket is not None:
            return bucket.policy.decode() if bucket.policy else None
    return None


def _queue_policy(name: str) -> Any:
    from moto.sqs.models import sqs_backends

    return next((backend.queues[name].policy for backend in _each(sqs_backends) if name in backend.queues), None)


def _topic_policy(arn: str) -> Any:
    from moto.sns.models import sns_backends

    return next((backend.topics[arn].policy for backend in _each(sns_backends) if arn in backend.topics), None)


def _secret_policy(arn: str) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    for backend in _each(secretsmanager_backends):
        for secret in list(backend.secrets.values()):
            if secret.arn == arn:
                return getattr(secret, "policy", None)
    return None


def _table_policy(arn: str) -> str | None:
    """Of a table; its policy says of an index too, whose ARN lies below the table's.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
    """
    from moto.dynamodb.models import dynamodb_backends

    table = arn.partition("/index/")[0]
    for backend in _each(dynamodb_backends):
        policy = backend.resource_policies.get(table)
        if policy is not None:
            return str(policy.policy_doc)
    return None


def _function_policy(context: Context, name: str) -> Any:
    function = context.store.get(FUNCTIONS, name)
    listed = [] if function is None else function.get("policy", [])
    return {"Version": "2012-10-17", "Statement": listed} if listed else None


def _each(backends: Any) -> Iterator[Any]:
    for account in list(backends.values()):
        yield from list(account.values())
