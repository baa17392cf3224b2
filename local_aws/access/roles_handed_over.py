"""Calls that hand a role to a service: the caller needs ``iam:PassRole``, and the role must trust the service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local_aws.access.needs import Need, Parameters
from local_aws.access.roles import role_policies, trusts
from local_aws.api import ACCOUNT, REGION, ApiError

#: By service: who assumes the role, and the parameters that may hold one, at any depth.
TAKERS: dict[str, tuple[str, frozenset[str]]] = {
    "lambda": ("lambda.amazonaws.com", frozenset({"Role"})),
    "stepfunctions": ("states.amazonaws.com", frozenset({"roleArn"})),
    "sagemaker": ("sagemaker.amazonaws.com", frozenset({"RoleArn", "ExecutionRoleArn"})),
    "glue": ("glue.amazonaws.com", frozenset({"Role"})),
    "events": ("events.amazonaws.com", frozenset({"RoleArn"})),
    "scheduler": ("scheduler.amazonaws.com", frozenset({"RoleArn"})),
    "cloudformation": ("cloudformation.amazonaws.com", frozenset({"RoleARN"})),
    "firehose": ("firehose.amazonaws.com", frozenset({"RoleARN"})),
}
STARTS = ("Create", "Update", "Put", "Start", "Run")


def handed_over(service: str, operation: str, parameters: Parameters) -> list[tuple[str, str]]:
    """``(role ARN, service that gets it)`` for each role in the request."""
    if service not in TAKERS or not operation.startswith(STARTS):
        return []
    taker, names = TAKERS[service]
    return [(_arn(role), taker) for role in dict.fromkeys(_roles(parameters, names))]


def pass_role(service: str, operation: str, parameters: Parameters) -> list[Need]:
    return [
        Need("iam:PassRole", role, context={"iam:passedtoservice": [taker]})
        for role, taker in handed_over(service, operation, parameters)
    ]


def check_trust(service: str, operation: str, parameters: Parameters) -> None:
    """Raises ``ApiError``, in the words of each service, for a role that it could not assume."""
    for role, taker in handed_over(service, operation, parameters):
        policies = role_policies(role)
        regional = taker.replace(".amazonaws", f".{REGION}.amazonaws")
        if policies is None or not (trusts(policies, taker) or trusts(policies, regional)):
            raise _cannot_assume(service, role, taker)


def _roles(value: Any, names: frozenset[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name in names and isinstance(part, str) and part:
                yield part
            else:
                yield from _roles(part, names)
    elif isinstance(value, list):
        for part in value:
            yield from _roles(part, names)


def _arn(role: str) -> str:
    return role if role.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _cannot_assume(service: str, role: str, taker: str) -> ApiError:
    if service == "lambda":
        text = "The role defined for the function cannot be assumed by Lambda."
        return ApiError("InvalidParameterValueException", text)
    if service == "stepfunctions":
        text = f"Neither the global service principal {taker}, nor the regional one is authorized to assume the "
        return ApiError("AccessDeniedException", f"{text}provided role.")
    if service == "sagemaker":
        text = f"Could not assume role {role}. Please ensure that the role exists and allows principal "
        return ApiError("ValidationException", f"{text}'{taker}' to assume the role.")
    if service == "glue":
        return ApiError(
            "InvalidInputException", f"Role {role} should be given assume role permissions for Glue Service."
        )
    if service == "scheduler":
        text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return ApiError("ValidationException", text)
    return ApiError("ValidationException", f"Provided role '{role}' cannot be assumed by principal '{taker}'.")
