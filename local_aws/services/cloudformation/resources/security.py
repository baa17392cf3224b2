"""KMS keys and aliases, IAM roles and policies, secrets."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Collection
from typing import Any

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
    updates,
)

#: KMS waits before it destroys a key; 7 days is the least it allows.
KEY_DELETION_DAYS = 7
PASSWORD_LENGTH = 32


@creates(
    "AWS::KMS::Key",
    properties=(
        "Description",
        "KeySpec",
        "KeyUsage",
        "KeyPolicy",
        "EnableKeyRotation",
        "Enabled",
        "MultiRegion",
        "PendingWindowInDays",
    ),
)
def create_key(site: Site, properties: Properties) -> Created:
    kms = site.client("kms")
    request = chosen(properties, "Description", "KeySpec", "KeyUsage")
    if "KeyPolicy" in properties:
        request["Policy"] = json.dumps(properties["KeyPolicy"])
    key = kms.create_key(**request)["KeyMetadata"]
    if flag(properties.get("EnableKeyRotation", False)):
        kms.enable_key_rotation(KeyId=key["KeyId"])
    if not flag(properties.get("Enabled", True)):
        kms.disable_key(KeyId=key["KeyId"])
    return Created(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


@deletes("AWS::KMS::Key")
def delete_key(site: Site, physical_id: str) -> None:
    site.client("kms").schedule_key_deletion(KeyId=physical_id, PendingWindowInDays=KEY_DELETION_DAYS)


@creates("AWS::KMS::Alias", properties=("AliasName", "TargetKeyId"))
def create_alias(site: Site, properties: Properties) -> Created:
    site.client("kms").create_alias(AliasName=properties["AliasName"], TargetKeyId=properties["TargetKeyId"])
    return Created(properties["AliasName"])


@updates("AWS::KMS::Alias")
def update_alias(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("kms").update_alias(AliasName=physical_id, TargetKeyId=properties["TargetKeyId"])
    return Created(physical_id)


@deletes("AWS::KMS::Alias")
def delete_alias(site: Site, physical_id: str) -> None:
    site.client("kms").delete_alias(AliasName=physical_id)


@creates(
    "AWS::IAM::Role",
    properties=(
        "RoleName",
        "Description",
        "Path",
        "AssumeRolePolicyDocument",
        "ManagedPolicyArns",
        "Policies",
        "MaxSessionDuration",
        "PermissionsBoundary",
    ),
)
def create_role(site: Site, properties: Properties) -> Created:
    iam = site.client("iam")
    name = properties.get("RoleName") or site.generated_name(64)
    request = chosen(properties, "Path", "Description", "PermissionsBoundary")
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]), **request
    )["Role"]
    _attach(iam, name, properties)
    return _role_created(role)


@updates("AWS::IAM::Role")
def update_role(site: Site, physical_id: str, properties: Properties) -> Created:
    iam = site.client("iam")
    document = json.dumps(properties["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=physical_id, PolicyDocument=document)
    _detach_unwanted(iam, physical_id, wanted=properties.get("ManagedPolicyArns", []))
    _attach(iam, physical_id, properties)
    return _role_created(iam.get_role(RoleName=physical_id)["Role"])


@deletes("AWS::IAM::Role")
def delete_role(site: Site, physical_id: str) -> None:
    iam = site.client("iam")
    _detach_unwanted(iam, physical_id, wanted=())
    for name in iam.list_role_policies(RoleName=physical_id)["PolicyNames"]:
        iam.delete_role_policy(RoleName=physical_id, PolicyName=name)
    iam.delete_role(RoleName=physical_id)


def _role_created(role: dict[str, Any]) -> Created:
    return Created(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _detach_unwanted(iam: Any, role: str, wanted: Collection[str]) -> None:
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        if attached["PolicyArn"] not in wanted:
            iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])


def _attach(iam: Any, role: str, properties: Properties) -> None:
    for arn in properties.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    for policy in properties.get("Policies", []):
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)


@creates("AWS::IAM::ManagedPolicy", properties=("ManagedPolicyName", "Description", "Path", "PolicyDocument", "Roles"))
def create_managed_policy(site: Site, properties: Properties) -> Created:
    iam = site.client("iam")
    policy = iam.create_policy(
        PolicyName=properties.get("ManagedPolicyName") or site.generated_name(128),
        PolicyDocument=json.dumps(properties["PolicyDocument"]),
        **chosen(properties, "Description", "Path"),
    )["Policy"]
    for role in properties.get("Roles", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=policy["Arn"])
    return Created(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})


@updates("AWS::IAM::ManagedPolicy")
def update_managed_policy(site: Site, physical_id: str, properties: Properties) -> Created:
    iam = site.client("iam")
    # IAM keeps five versions at most; only the newest is ever used here.
    _delete_old_versions(iam, physical_id)
    document = json.dumps(properties["PolicyDocument"])
    iam.create_policy_version(PolicyArn=physical_id, PolicyDocument=document, SetAsDefault=True)
    policy = iam.get_policy(PolicyArn=physical_id)["Policy"]
    return Created(physical_id, {"PolicyArn": physical_id, "PolicyId": policy["PolicyId"]})


@deletes("AWS::IAM::ManagedPolicy")
def delete_managed_policy(site: Site, physical_id: str) -> None:
    iam = site.client("iam")
    for role in iam.list_entities_for_policy(PolicyArn=physical_id)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=physical_id)
    _delete_old_versions(iam, physical_id)
    iam.delete_policy(PolicyArn=physical_id)


def _delete_old_versions(iam: Any, policy: str) -> None:
    for version in iam.list_policy_versions(PolicyArn=policy)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=policy, VersionId=version["VersionId"])


@creates(
    "AWS::SecretsManager::Secret",
    properties=("Name", "Description", "KmsKeyId", "SecretString", "GenerateSecretString"),
)
def create_secret(site: Site, properties: Properties) -> Created:
    answer = site.client("secretsmanager").create_secret(
        Name=properties.get("Name") or site.generated_name(512),
        SecretString=_secret_text(properties),
        **chosen(properties, "Description", "KmsKeyId"),
    )
    return Created(answer["ARN"], {"Id": answer["ARN"]})


@updates("AWS::SecretsManager::Secret")
def update_secret(site: Site, physical_id: str, properties: Properties) -> Created:
    if "SecretString" in properties:
        site.client("secretsmanager").put_secret_value(SecretId=physical_id, SecretString=properties["SecretString"])
    return Created(physical_id, {"Id": physical_id})


@deletes("AWS::SecretsManager::Secret")
def delete_secret(site: Site, physical_id: str) -> None:
    site.client("secretsmanager").delete_secret(SecretId=physical_id, ForceDeleteWithoutRecovery=True)


def _secret_text(properties: Properties) -> str:
    if "SecretString" in properties:
        return str(properties["SecretString"])
    wish = properties.get("GenerateSecretString", {})
    password = _password(int(wish.get("PasswordLength", PASSWORD_LENGTH)))
    if "SecretStringTemplate" not in wish:
        return password
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: password})


def _password(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
