"""EventBridge's connections and API destinations."""

from __future__ import annotations

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    creates,
    deletes,
    updates,
)
from local_aws.services.cloudformation.resources.shaped import shaped


@creates("AWS::Events::Connection", properties=("Name", "Description", "AuthorizationType", "AuthParameters"))
def create_connection(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(64)
    request = shaped(site, "events", "CreateConnection", {**properties, "Name": name})
    site.client("events").create_connection(**request)
    return _connection(site, name)


@updates("AWS::Events::Connection")
def update_connection(site: Site, physical_id: str, properties: Properties) -> Created:
    request = shaped(site, "events", "UpdateConnection", {**properties, "Name": physical_id})
    site.client("events").update_connection(**request)
    return _connection(site, physical_id)


@deletes("AWS::Events::Connection")
def delete_connection(site: Site, physical_id: str) -> None:
    site.client("events").delete_connection(Name=physical_id)


def _connection(site: Site, name: str) -> Created:
    told = site.client("events").describe_connection(Name=name)
    return Created(name, {"Arn": told["ConnectionArn"], "SecretArn": told["SecretArn"]})


@creates(
    "AWS::Events::ApiDestination",
    properties=(
        *("Name", "Description", "ConnectionArn", "InvocationEndpoint", "HttpMethod"),
        "InvocationRateLimitPerSecond",
    ),
)
def create_api_destination(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(64)
    request = shaped(site, "events", "CreateApiDestination", {**properties, "Name": name})
    return Created(name, {"Arn": site.client("events").create_api_destination(**request)["ApiDestinationArn"]})


@updates("AWS::Events::ApiDestination")
def update_api_destination(site: Site, physical_id: str, properties: Properties) -> Created:
    request = shaped(site, "events", "UpdateApiDestination", {**properties, "Name": physical_id})
    return Created(physical_id, {"Arn": site.client("events").update_api_destination(**request)["ApiDestinationArn"]})


@deletes("AWS::Events::ApiDestination")
def delete_api_destination(site: Site, physical_id: str) -> None:
    site.client("events").delete_api_destination(Name=physical_id)
