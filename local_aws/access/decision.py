"""Whether policies, taken together, allow a request of the same account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from local_aws.access.policies import AccessRequest, Grant, Statement


class Reason(Enum):
    """Why a request is refused, in AWS's words; ``{action}`` is the refused action.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """

    IDENTITY_DENIES = "with an explicit deny in an identity-based policy"
    RESOURCE_DENIES = "with an explicit deny in a resource-based policy"
    BOUNDARY_DENIES = "with an explicit deny in a permissions boundary"
    NO_IDENTITY_POLICY = "because no identity-based policy allows the {action} action"
    NO_RESOURCE_POLICY = "because no resource-based policy allows the {action} action"
    NO_BOUNDARY = "because no permissions boundary allows the {action} action"


@dataclass(frozen=True)
class Policies:
    """All that is said about a request. ``boundary`` None: the role has none."""

    identity: Sequence[Statement] = ()
    boundary: Sequence[Statement] | None = None
    resource: Sequence[Statement] = ()
    #: The resource's own policy must let the account in before its identity policies count, as for KMS keys.
    resource_rules: bool = False


@dataclass(frozen=True)
class Decision:
    """``grants`` are the identity policies' parts that allow it; ``reason`` is None for what is allowed."""

    reason: Reason | None
    grants: tuple[Grant, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.reason is None


def decide(request: AccessRequest, policies: Policies) -> Decision:
    """An explicit deny wins over everything; without an allow there is an implicit deny."""
    everywhere = (
        (policies.identity, Reason.IDENTITY_DENIES),
        (policies.resource, Reason.RESOURCE_DENIES),
        (policies.boundary or (), Reason.BOUNDARY_DENIES),
    )
    for listed, reason in everywhere:
        if any(not each.allows and each.grant(request) for each in listed):
            return Decision(reason)
    grants = tuple(grant for each in policies.identity if each.allows and (grant := each.grant(request)))
    by_name, by_account = _of_resource(request, policies.resource)
    if policies.resource_rules and not (by_name or by_account):
        return Decision(Reason.NO_RESOURCE_POLICY)
    if not grants and not by_name:
        return Decision(Reason.NO_IDENTITY_POLICY)
    boundary = policies.boundary
    if boundary is not None and not any(each.allows and each.grant(request) for each in boundary):
        return Decision(Reason.NO_BOUNDARY)
    return Decision(None, grants)


def _of_resource(request: AccessRequest, listed: Sequence[Statement]) -> tuple[bool, bool]:
    """Whether the resource's policy allows the caller by name, and whether it leaves the matter to the account.

    An account's root as principal only delegates to the account's own policies:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    by_name = by_account = False
    for each in listed:
        if not each.allows or each.grant(request) is None:
            continue
        named = {principal for principal in each.principals or () if not principal.endswith(":root")}
        if each.not_principals is not None or named & {*request.principals, "*"}:
            by_name = True
        else:
            by_account = True
    return by_name, by_account
