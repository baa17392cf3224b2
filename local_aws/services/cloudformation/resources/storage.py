"""S3 buckets and DynamoDB tables."""

from __future__ import annotations

import json
from typing import Any

from local_aws.services.cloudformation.resources.automation import bucket_notifications
from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
)

TABLE_WAIT = {"Delay": 1, "MaxAttempts": 30}


@creates(
    "AWS::S3::Bucket",
    properties=(
        "BucketName",
        "VersioningConfiguration",
        "BucketEncryption",
        "LifecycleConfiguration",
        "NotificationConfiguration",
        "ObjectLockEnabled",
        "ObjectLockConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
    ),
)
def create_bucket(site: Site, properties: Properties) -> Created:
    s3 = site.client("s3")
    name = properties.get("BucketName") or site.generated_name().lower()
    locked = flag(properties.get("ObjectLockEnabled", False))
    s3.create_bucket(Bucket=name, **({"ObjectLockEnabledForBucket": True} if locked else {}))
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
    if "BucketEncryption" in properties:
        rules = [_encryption_rule(rule) for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if "PublicAccessBlockConfiguration" in properties:
        settings = {key: flag(value) for key, value in properties["PublicAccessBlockConfiguration"].items()}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=settings)
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
    if "LifecycleConfiguration" in properties:
        rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if "ObjectLockConfiguration" in properties:
        s3.put_object_lock_configuration(
            Bucket=name, ObjectLockConfiguration=_object_lock(properties["ObjectLockConfiguration"])
        )
    if "NotificationConfiguration" in properties:
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration=bucket_notifications(properties["NotificationConfiguration"])
        )
    return Created(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{site.aws.region}.amazonaws.com",
        },
    )


@deletes("AWS::S3::Bucket")
def delete_bucket(site: Site, physical_id: str) -> None:
    site.client("s3").delete_bucket(Bucket=physical_id)


def _encryption_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """Like the API's, but for the spelling of one key's name."""
    made = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
    return {**made, "BucketKeyEnabled": flag(rule.get("BucketKeyEnabled", False))}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation writes short forms where the API nests."""
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        made["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "Transitions" in rule:
        made["Transitions"] = [
            {"Days": int(each["TransitionInDays"]), "StorageClass": each["StorageClass"]}
            for each in rule["Transitions"]
        ]
    if "NoncurrentVersionExpiration" in rule:
        made["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        }
    return made


def _object_lock(configuration: dict[str, Any]) -> dict[str, Any]:
    made = dict(configuration)
    retention = made.get("Rule", {}).get("DefaultRetention")
    if retention:
        numbers = {key: int(value) if key in ("Days", "Years") else value for key, value in retention.items()}
        made["Rule"] = {"DefaultRetention": numbers}
    return made


@creates(
    "AWS::DynamoDB::Table",
    properties=(
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "StreamSpecification",
        "SSESpecification",
        "PointInTimeRecoverySpecification",
        "TimeToLiveSpecification",
        "DeletionProtectionEnabled",
        "ResourcePolicy",
    ),
)
def create_table(site: Site, properties: Properties) -> Created:
    dynamodb = site.client("dynamodb")
    name = properties.get("TableName") or site.generated_name(255)
    request = chosen(
        properties,
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
    )
    if "StreamSpecification" in properties:
        request["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    if "SSESpecification" in properties:
        encryption = properties["SSESpecification"]
        request["SSESpecification"] = {
            "Enabled": flag(encryption["SSEEnabled"]),
            **chosen(encryption, "SSEType", "KMSMasterKeyId"),
        }
    request["DeletionProtectionEnabled"] = flag(properties.get("DeletionProtectionEnabled", False))
    dynamodb.create_table(TableName=name, **request)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=TABLE_WAIT)
    if "PointInTimeRecoverySpecification" in properties:
        enabled = flag(properties["PointInTimeRecoverySpecification"].get("PointInTimeRecoveryEnabled", False))
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )
    if "TimeToLiveSpecification" in properties:
        settings = properties["TimeToLiveSpecification"]
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"AttributeName": settings["AttributeName"], "Enabled": flag(settings["Enabled"])},
        )
    table = dynamodb.describe_table(TableName=name)["Table"]
    if "ResourcePolicy" in properties:
        policy = json.dumps(properties["ResourcePolicy"]["PolicyDocument"])
        dynamodb.put_resource_policy(ResourceArn=table["TableArn"], Policy=policy)
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(name, attributes)


@deletes("AWS::DynamoDB::Table")
def delete_table(site: Site, physical_id: str) -> None:
    dynamodb = site.client("dynamodb")
    # The stack owns the table: deleting the stack is the decision that the protection asks for.
    dynamodb.update_table(TableName=physical_id, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=physical_id)
