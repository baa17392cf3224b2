"""What each role of the stack and each policy for people may do, asked with the evaluator of ``local_aws``."""

from __future__ import annotations

import json
import re
from typing import Any

from cloudformation_template import load_template

from local_aws.access.decision import Policies, decide
from local_aws.access.policies import AccessRequest, statements

TEMPLATE = load_template()["Resources"]
FIXED = {"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012", "StackName": "unit"}
#: What people attach to their own roles; every other policy belongs to a function, a job or a machine.
PEOPLE = ("ApproverPolicy", "AdministratorPolicy", "AuditorPolicy", "AirflowPolicy")


def arn(name: str) -> str:
    return f"arn:aws:stack:us-east-1:123456789012:{name}"


def resolved(value: Any) -> Any:
    """The policy as it is deployed, with an ARN made of its logical id for each resource."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return arn(value["Ref"])
    if "Fn::GetAtt" in value:
        return arn(value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda found: _name(found[1]), value["Fn::Sub"])
    return {key: resolved(each) for key, each in value.items()}


def _name(reference: str) -> str:
    return FIXED.get(reference) or arn(reference.removesuffix(".Arn"))


def policies_of(name: str) -> list[str]:
    """The managed policies of a role, or the one policy that is attached to people's roles."""
    if name in PEOPLE:
        return [name]
    return [each["Ref"] for each in TEMPLATE[name]["Properties"]["ManagedPolicyArns"] if "Ref" in each]


def may(name: str, action: str, resource: str, **context: str) -> bool:
    listed = [
        statement
        for policy in policies_of(name)
        for statement in statements(
            json.dumps(resolved(TEMPLATE[policy]["Properties"]["PolicyDocument"])), policy
        )
    ]  # fmt: skip
    request = AccessRequest(action, arn(resource), context={key: [value] for key, value in context.items()})
    return decide(request, Policies(identity=listed)).allowed


ROLES = sorted(name for name, each in TEMPLATE.items() if each["Type"] == "AWS::IAM::Role")
EVERYBODY = [*ROLES, *PEOPLE]


def who_may(action: str, resource: str, **context: str) -> set[str]:
    return {name for name in EVERYBODY if may(name, action, resource, **context)}


def allowed_actions(name: str) -> set[str]:
    """Every action that some statement of the role's policies allows on something."""
    documents = [TEMPLATE[policy]["Properties"]["PolicyDocument"]["Statement"] for policy in policies_of(name)]
    allowed = [each for document in documents for each in document if each["Effect"] == "Allow"]
    return {action for each in allowed for action in each["Action"]}
