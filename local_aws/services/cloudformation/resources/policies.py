"""Policies of resources, and inline policies of roles: set on what they name, and looked at with ``--iam``.

Those of log groups and event buses are kept in the stack only: nothing here asks them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local_aws.services.cloudformation.resources.registry import TYPES, Created, Properties, ResourceType, Site

#: Puts a document on, or takes the policy off (None), what a target names.
Setter = Callable[[Site, str, str | None], None]


def _bucket(site: Site, bucket: str, document: str | None) -> None:
    s3 = site.client("s3")
    s3.delete_bucket_policy(Bucket=bucket) if document is None else s3.put_bucket_policy(Bucket=bucket, Policy=document)


def _queue(site: Site, queue: str, document: str | None) -> None:
    site.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document or ""})


def _topic(site: Site, topic: str, document: str | None) -> None:
    # A topic cannot be without a policy: what is left allows nothing to others, as a new one does.
    text = document or json.dumps({"Version": "2012-10-17", "Statement": []})
    site.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)


def _secret(site: Site, secret: str, document: str | None) -> None:
    client = site.client("secretsmanager")
    if document is None:
        client.delete_resource_policy(SecretId=secret)
    else:
        client.put_resource_policy(SecretId=secret, ResourcePolicy=document)


def _register(name: str, target: str, document: str, put: Setter, *others: str) -> None:
    """A type whose property ``target`` names one resource, or a list of them; its id remembers which."""

    def write(site: Site, properties: Properties) -> str:
        targets = properties[target]
        named = targets if isinstance(targets, list) else [targets]
        for one in named:
            put(site, one, json.dumps(properties[document]))
        return "|".join(named)

    def create(site: Site, properties: Properties) -> Created:
        return Created(write(site, properties))

    def update(site: Site, physical_id: str, properties: Properties) -> Created:
        named = write(site, properties)
        _take_off(site, set(physical_id.split("|")) - set(named.split("|")), put)
        return Created(named)

    def delete(site: Site, physical_id: str) -> None:
        _take_off(site, set(physical_id.split("|")), put)

    TYPES[name] = ResourceType(name, frozenset({target, document, *others}), create, update, delete)


def _take_off(site: Site, targets: set[str], put: Setter) -> None:
    for target in sorted(targets):
        # What the policy hung on may be gone before it.
        with contextlib.suppress(ClientError):
            put(site, target, None)


_register("AWS::S3::BucketPolicy", "Bucket", "PolicyDocument", _bucket)
_register("AWS::SQS::QueuePolicy", "Queues", "PolicyDocument", _queue)
_register("AWS::SNS::TopicPolicy", "Topics", "PolicyDocument", _topic)
_register("AWS::SecretsManager::ResourcePolicy", "SecretId", "ResourcePolicy", _secret, "BlockPublicPolicy")


def _create_inline(site: Site, properties: Properties) -> Created:
    return _put_inline(site, properties["PolicyName"], properties)


def _update_inline(site: Site, physical_id: str, properties: Properties) -> Created:
    name, *roles = physical_id.split("|")
    changed = _put_inline(site, properties["PolicyName"], properties)
    gone = roles if name != properties["PolicyName"] else sorted(set(roles) - set(properties.get("Roles", [])))
    _delete_inline(site, "|".join([name, *gone]))
    return changed


def _delete_inline(site: Site, physical_id: str) -> None:
    name, *roles = physical_id.split("|")
    for role in roles:
        with contextlib.suppress(ClientError):
            site.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def _put_inline(site: Site, name: str, properties: Properties) -> Created:
    document = json.dumps(properties["PolicyDocument"])
    for role in properties.get("Roles", []):
        site.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
    return Created("|".join([name, *properties.get("Roles", [])]))


TYPES["AWS::IAM::Policy"] = ResourceType(
    "AWS::IAM::Policy",
    frozenset({"PolicyName", "PolicyDocument", "Roles"}),
    _create_inline,
    _update_inline,
    _delete_inline,
)

KEPT_ONLY: dict[str, tuple[str, ...]] = {
    "AWS::Logs::ResourcePolicy": ("PolicyName", "PolicyDocument"),
    "AWS::Events::EventBusPolicy": ("EventBusName", "StatementId", "Statement", "Action", "Principal", "Condition"),
}


def _keep(site: Site, properties: dict[str, Any]) -> Created:
    return Created(site.generated_name(128))


for _name, _properties in KEPT_ONLY.items():
    TYPES[_name] = ResourceType(_name, frozenset(_properties), _keep, policy_only=True)
