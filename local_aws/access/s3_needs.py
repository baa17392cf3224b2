"""S3: operations and the permissions they need.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from local_aws.access.needs import Need, Parameters

#: Operations on a bucket whose action is not their name.
OF_BUCKETS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
}
#: Operations on an object whose action is not their name.
OF_OBJECTS = {
    "HeadObject": "GetObject",
    "SelectObjectContent": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}
#: Actions that have a form of their own for a version.
OF_VERSIONS = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "PutObjectAcl": "PutObjectVersionAcl",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObjectAttributes": "GetObjectVersionAttributes",
}
#: Parameters of a write that need a further action.
WITH_A_WRITE = {
    "Tagging": "PutObjectTagging",
    "ACL": "PutObjectAcl",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}
#: Parameters that are condition keys: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
CONDITION_KEYS = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:versionid",
    "ACL": "s3:x-amz-acl",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "StorageClass": "s3:x-amz-storage-class",
    "CopySource": "s3:x-amz-copy-source",
    "ObjectLockMode": "s3:object-lock-mode",
    "IfNoneMatch": "s3:if-none-match",
    "IfMatch": "s3:if-match",
}


def needs(operation: str, parameters: Parameters, body: bytes, query: Mapping[str, str]) -> list[Need]:
    """``query`` is the request's own, for listings whose parameters moto's parser leaves out."""
    if operation == "ListBuckets":
        return [Need("s3:ListAllMyBuckets")]
    context = _context({**_listing(query), **parameters})
    bucket = f"arn:aws:s3:::{parameters.get('Bucket', '')}"
    if operation == "DeleteObjects":
        return [_deletion(bucket, key, version) for key, version in _listed_for_deletion(body)]
    key = parameters.get("Key")
    if key is None:
        return [Need(f"s3:{OF_BUCKETS.get(operation, operation)}", bucket, context=context)]
    action = OF_OBJECTS.get(operation, operation)
    if parameters.get("VersionId"):
        action = OF_VERSIONS.get(action, action)
    found = [Need(f"s3:{action}", f"{bucket}/{key}", context=context)]
    if operation == "GetObjectAttributes":
        found.append(Need("s3:GetObject", f"{bucket}/{key}", context=context))
    if action == "PutObject":
        found += [Need(f"s3:{more}", f"{bucket}/{key}") for name, more in WITH_A_WRITE.items() if parameters.get(name)]
    if parameters.get("CopySource"):
        found.append(_source(str(parameters["CopySource"])))
    return found


def _listing(query: Mapping[str, str]) -> dict[str, str]:
    names = {"prefix": "Prefix", "delimiter": "Delimiter", "max-keys": "MaxKeys"}
    return {name: query[key] for key, name in names.items() if key in query}


def _context(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    return {key: [str(parameters[name])] for name, key in CONDITION_KEYS.items() if parameters.get(name) is not None}


def _deletion(bucket: str, key: str, version: str | None) -> Need:
    action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
    return Need(action, f"{bucket}/{key}", context={"s3:versionid": [version]} if version else {})


def _listed_for_deletion(body: bytes) -> Iterator[tuple[str, str | None]]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the parser expands no external entities
    except ElementTree.ParseError:
        return
    for each in root.iter():
        if each.tag.rpartition("}")[2] == "Object":
            parts = {part.tag.rpartition("}")[2]: part.text or "" for part in each}
            yield parts.get("Key", ""), parts.get("VersionId")


def _source(text: str) -> Need:
    place, _, version = text.partition("?versionId=")
    return Need(f"s3:{'GetObjectVersion' if version else 'GetObject'}", f"arn:aws:s3:::{unquote(place).lstrip('/')}")
