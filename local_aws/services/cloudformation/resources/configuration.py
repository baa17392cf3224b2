"""SSM parameters and log groups."""

from __future__ import annotations

import contextlib

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    updates,
)


@creates("AWS::SSM::Parameter", properties=("Name", "Type", "Value", "Description", "AllowedPattern", "Tier"))
def create_parameter(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(128)
    return _put_parameter(site, name, properties, overwrite=False)


@updates("AWS::SSM::Parameter")
def update_parameter(site: Site, physical_id: str, properties: Properties) -> Created:
    return _put_parameter(site, physical_id, properties, overwrite=True)


@deletes("AWS::SSM::Parameter")
def delete_parameter(site: Site, physical_id: str) -> None:
    site.client("ssm").delete_parameter(Name=physical_id)


def _put_parameter(site: Site, name: str, properties: Properties, *, overwrite: bool) -> Created:
    value = str(properties["Value"])
    site.client("ssm").put_parameter(
        Name=name,
        Type=properties["Type"],
        Value=value,
        Overwrite=overwrite,
        **chosen(properties, "Description", "AllowedPattern", "Tier"),
    )
    return Created(name, {"Type": properties["Type"], "Value": value})


@creates("AWS::Logs::LogGroup", properties=("LogGroupName", "RetentionInDays", "KmsKeyId", "LogGroupClass"))
def create_log_group(site: Site, properties: Properties) -> Created:
    logs = site.client("logs")
    name = properties.get("LogGroupName") or site.generated_name(512)
    # The function of the same name may have made it already, as on AWS.
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=name, **({"kmsKeyId": k} if (k := properties.get("KmsKeyId")) else {}))
    return _set_retention(site, name, properties)


@updates("AWS::Logs::LogGroup")
def update_log_group(site: Site, physical_id: str, properties: Properties) -> Created:
    return _set_retention(site, physical_id, properties)


@deletes("AWS::Logs::LogGroup")
def delete_log_group(site: Site, physical_id: str) -> None:
    site.client("logs").delete_log_group(logGroupName=physical_id)


def _set_retention(site: Site, name: str, properties: Properties) -> Created:
    if "RetentionInDays" in properties:
        site.client("logs").put_retention_policy(logGroupName=name, retentionInDays=int(properties["RetentionInDays"]))
    return Created(name, {"Arn": site.aws.arn("logs", f"log-group:{name}:*")})
