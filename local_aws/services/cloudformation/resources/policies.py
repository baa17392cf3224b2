"""Types that only say who may do what: kept in the stack, not applied.

moto ignores the conditions of policies, so a policy that denies unencrypted requests would deny every request. Such
rules are asserted on the template's text instead.
"""

from __future__ import annotations

from local_aws.services.cloudformation.resources.registry import TYPES, Created, Properties, ResourceType, Site

POLICY_TYPES = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::IAM::Policy": ("PolicyName", "PolicyDocument", "Roles", "Users", "Groups"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy", "BlockPublicPolicy"),
    "AWS::Logs::ResourcePolicy": ("PolicyName", "PolicyDocument"),
    "AWS::Events::EventBusPolicy": ("EventBusName", "StatementId", "Statement", "Action", "Principal", "Condition"),
}


def _keep(site: Site, properties: Properties) -> Created:
    return Created(site.generated_name(128))


for _name, _properties in POLICY_TYPES.items():
    TYPES[_name] = ResourceType(_name, frozenset(_properties), _keep, policy_only=True)
