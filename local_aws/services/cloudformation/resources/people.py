"""Cognito user pools, their clients and groups."""

from __future__ import annotations

from typing import Any

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
)

NUMBERS = ("MinimumLength", "TemporaryPasswordValidityDays", "PasswordHistorySize")
CLIENT_SETTINGS = (
    "AccessTokenValidity",
    "IdTokenValidity",
    "RefreshTokenValidity",
    "TokenValidityUnits",
    "ExplicitAuthFlows",
    "PreventUserExistenceErrors",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "CallbackURLs",
    "LogoutURLs",
    "SupportedIdentityProviders",
    "ReadAttributes",
    "WriteAttributes",
)


@creates(
    "AWS::Cognito::UserPool",
    properties=(
        "UserPoolName",
        "Policies",
        "Schema",
        "AdminCreateUserConfig",
        "AutoVerifiedAttributes",
        "UsernameAttributes",
        "AliasAttributes",
        "MfaConfiguration",
        "EnabledMfas",
        "AccountRecoverySetting",
        "DeletionProtection",
        "UserPoolTags",
        "UserPoolAddOns",
    ),
)
def create_user_pool(site: Site, properties: Properties) -> Created:
    request = chosen(
        properties,
        "Schema",
        "AutoVerifiedAttributes",
        "UsernameAttributes",
        "AliasAttributes",
        "MfaConfiguration",
        "AccountRecoverySetting",
        "DeletionProtection",
        "UserPoolTags",
        "UserPoolAddOns",
    )
    if "Policies" in properties:
        password = properties["Policies"].get("PasswordPolicy", {})
        request["Policies"] = {"PasswordPolicy": {key: _setting(key, value) for key, value in password.items()}}
    if "AdminCreateUserConfig" in properties:
        only_admins = flag(properties["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly", False))
        request["AdminCreateUserConfig"] = {"AllowAdminCreateUserOnly": only_admins}
    name = properties.get("UserPoolName") or site.generated_name(128)
    pool = site.client("cognito-idp").create_user_pool(PoolName=name, **request)["UserPool"]
    host = f"cognito-idp.{site.aws.region}.amazonaws.com/{pool['Id']}"
    return Created(
        pool["Id"],
        {
            "Arn": pool["Arn"],
            "UserPoolId": pool["Id"],
            "ProviderName": host,
            "ProviderURL": f"https://{host}",
        },
    )


@deletes("AWS::Cognito::UserPool")
def delete_user_pool(site: Site, physical_id: str) -> None:
    site.client("cognito-idp").delete_user_pool(UserPoolId=physical_id)


def _setting(key: str, value: Any) -> Any:
    return int(value) if key in NUMBERS else flag(value)


@creates(
    "AWS::Cognito::UserPoolClient",
    properties=("UserPoolId", "ClientName", "GenerateSecret", *CLIENT_SETTINGS),
)
def create_user_pool_client(site: Site, properties: Properties) -> Created:
    made = site.client("cognito-idp").create_user_pool_client(
        UserPoolId=properties["UserPoolId"],
        ClientName=properties.get("ClientName") or site.generated_name(128),
        GenerateSecret=flag(properties.get("GenerateSecret", False)),
        **chosen(properties, *CLIENT_SETTINGS),
    )["UserPoolClient"]
    attributes = {"ClientId": made["ClientId"], "Name": made["ClientName"]}
    if "ClientSecret" in made:
        attributes["ClientSecret"] = made["ClientSecret"]
    return Created(made["ClientId"], attributes)


@creates("AWS::Cognito::UserPoolGroup", properties=("UserPoolId", "GroupName", "Description", "Precedence", "RoleArn"))
def create_user_pool_group(site: Site, properties: Properties) -> Created:
    name = properties.get("GroupName") or site.generated_name(128)
    request = chosen(properties, "Description", "RoleArn")
    if "Precedence" in properties:
        request["Precedence"] = int(properties["Precedence"])
    site.client("cognito-idp").create_group(UserPoolId=properties["UserPoolId"], GroupName=name, **request)
    return Created(name)
