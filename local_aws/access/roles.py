"""The policies of roles, read from moto's IAM as they are at this moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local_aws.access.policies import AccessRequest, Statement, statements
from local_aws.identity.principals import ROLE_ARN


@dataclass(frozen=True)
class RolePolicies:
    """``boundary`` None: the role has no permissions boundary. ``trust`` is the JSON of its trust policy."""

    arn: str
    identity: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    trust: str
    tags: tuple[tuple[str, str], ...] = ()


def role_policies(arn: str) -> RolePolicies | None:
    """None for a role that does not exist."""
    role = _find(arn)
    if role is None:
        return None
    found: list[Statement] = []
    for name, document in sorted(role.policies.items()):
        found.extend(statements(_text(document), name))
    for policy_arn, policy in sorted(role.managed_policies.items()):
        found.extend(statements(_default_version(policy), policy_arn.rpartition("/")[2]))
    boundary = _boundary(role)
    tags = tuple((tag["Key"], tag["Value"]) for tag in _tags(role.tags))
    return RolePolicies(role.arn, tuple(found), boundary, _text(role.assume_role_policy_document), tags)


def role_arns() -> list[str]:
    return sorted(str(role.arn) for backend in _backends() for role in list(backend.roles.values()))


def trusts(policies: RolePolicies, principal: str) -> bool:
    """Whether the role's trust policy lets ``principal`` (a service's name, an ARN) assume it."""
    request = AccessRequest("sts:AssumeRole", policies.arn, (principal,), {})
    listed = statements(policies.trust, "trust")
    if any(not each.allows and each.grant(request) for each in listed):
        return False
    return any(each.allows and each.grant(request) for each in listed)


def _find(arn: str) -> Any:
    match = ROLE_ARN.fullmatch(arn)
    if match is None:
        return None
    for backend in _backends():
        for role in list(backend.roles.values()):
            if role.name == match["name"] and role.account_id == match["account"]:
                return role
    return None


def _boundary(role: Any) -> tuple[Statement, ...] | None:
    arn = role.permissions_boundary_arn
    if not arn:
        return None
    for backend in _backends():
        policy = backend.managed_policies.get(arn)
        if policy is not None:
            return statements(_default_version(policy), f"boundary {policy.name}")
    return ()  # a boundary that does not exist any more allows nothing


def _backends() -> list[Any]:
    # Imported here: moto reads its settings from the environment when it is imported.
    from moto.iam.models import iam_backends

    return [backend for account in list(iam_backends.values()) for backend in list(account.values())]


def _default_version(policy: Any) -> str:
    """The document of the version that is in force."""
    versions = list(policy.versions)
    chosen = [version for version in versions if version.version_id == policy.default_version_id] or versions
    return _text(chosen[-1].document)


def _tags(tags: Any) -> list[dict[str, str]]:
    return list(tags.values()) if isinstance(tags, dict) else list(tags or [])


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
