"""Calls on data that a service encrypts with a customer's key: the caller needs that key too, by way of the service.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local_aws.access.kms_needs import key_arn
from local_aws.access.needs import Need, Parameters
from local_aws.api import ACCOUNT, REGION

READ = ("kms:Decrypt",)
WRITE = ("kms:GenerateDataKey",)
BOTH = ("kms:GenerateDataKey", "kms:Decrypt")
#: What each operation does with the key of the data it touches.
USES: dict[tuple[str, str], tuple[str, ...]] = {
    ("s3", "GetObject"): READ,
    ("s3", "PutObject"): WRITE,
    ("s3", "CopyObject"): WRITE,
    ("s3", "CreateMultipartUpload"): BOTH,
    ("s3", "UploadPart"): BOTH,
    ("s3", "CompleteMultipartUpload"): BOTH,
    ("sqs", "SendMessage"): BOTH,
    ("sqs", "SendMessageBatch"): BOTH,
    ("sqs", "ReceiveMessage"): READ,
    ("sns", "Publish"): BOTH,
    ("sns", "PublishBatch"): BOTH,
    ("secretsmanager", "GetSecretValue"): READ,
    ("secretsmanager", "PutSecretValue"): BOTH,
    **{
        ("dynamodb", operation): READ
        for operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
    },
}
#: AWS's own keys ask nothing of a caller in the account.
OF_AWS = "alias/aws/"


def needs(service: str, operation: str, parameters: Parameters) -> list[Need]:
    """None for data under a key of AWS's own, or under none."""
    actions = USES.get((service, operation), ())
    key = _key(service, parameters) if actions else None
    if not key or OF_AWS in key:
        return []
    context = {
        "kms:viaservice": [f"{service}.{REGION}.amazonaws.com"],
        "kms:calleraccount": [ACCOUNT],
        "aws:viaawsservice": ["true"],
    }
    return [Need(action, key_arn(key), context=context) for action in actions]


def _key(service: str, parameters: Parameters) -> str | None:
    if service == "s3":
        return _key_of_object(parameters)
    if service == "sqs":
        return of_queue(str(parameters.get("QueueUrl", "")).rpartition("/")[2])
    if service == "sns":
        return of_topic(str(parameters.get("TopicArn", "")))
    if service == "dynamodb":
        return _of_table(str(parameters.get("TableName", "")).rpartition("/")[2])
    return _of_secret(str(parameters.get("SecretId", "")))


def _key_of_object(parameters: Parameters) -> str | None:
    """The key that the request names, else the object's, else the bucket's default."""
    from moto.s3.models import s3_backends

    if parameters.get("SSEKMSKeyId"):
        return str(parameters["SSEKMSKeyId"])
    for backend in each(s3_backends):
        bucket = backend.buckets.get(parameters.get("Bucket"))
        if bucket is not None:
            stored = bucket.keys.get(parameters.get("Key")) if "Body" not in parameters else None
            return getattr(stored, "kms_key_id", None) or default_of(bucket.encryption)
    return None


def default_of(encryption: Any) -> str | None:
    """The key of a bucket's default encryption; empty for AWS's own, None where KMS has no part in it."""
    rules = encryption.get("Rule", []) if isinstance(encryption, dict) else []
    for rule in rules if isinstance(rules, list) else [rules]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm") == "aws:kms":
            return str(default.get("KMSMasterKeyID") or "")
    return None


def of_queue(name: str) -> str | None:
    from moto.sqs.models import sqs_backends

    found = (backend.queues.get(name) for backend in each(sqs_backends))
    return next((str(queue.kms_master_key_id or "") for queue in found if queue is not None), None)


def of_topic(arn: str) -> str | None:
    from moto.sns.models import sns_backends

    found = (backend.topics.get(arn) for backend in each(sns_backends))
    return next((str(topic.kms_master_key_id or "") for topic in found if topic is not None), None)


def _of_table(name: str) -> str | None:
    from moto.dynamodb.models import dynamodb_backends

    for backend in each(dynamodb_backends):
        table = backend.tables.get(name)
        settings = None if table is None else table.sse_specification
        if settings and settings.get("Enabled") and settings.get("SSEType", "KMS") == "KMS":
            return str(settings.get("KMSMasterKeyId") or "")
    return None


def _of_secret(name: str) -> str | None:
    from moto.secretsmanager.models import secretsmanager_backends

    for backend in each(secretsmanager_backends):
        for secret in list(backend.secrets.values()):
            if name in (secret.name, secret.arn):
                return str(secret.kms_key_id or "")
    return None


def each(backends: Any) -> Iterator[Any]:
    for account in list(backends.values()):
        yield from list(account.values())
