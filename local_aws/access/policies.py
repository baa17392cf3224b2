"""Policy documents as statements, and which of them apply to a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from local_aws.access.conditions import holds
from local_aws.access.patterns import Context, MissingVariableError, glob, matches_arn, with_variables

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AccessRequest:
    """One action on one resource. ``principals`` are all names of who asks: the session, its role, its account."""

    action: str
    resource: str
    principals: Sequence[str] = ()
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Grant:
    """The part of a statement that let a request pass."""

    policy: str
    statement: str
    action: str
    resource: str


@dataclass(frozen=True, eq=False)
class Statement:
    """``policy`` is the name under which it is reported, ``label`` its Sid or its number."""

    policy: str
    label: str
    allows: bool
    actions: Sequence[str] = ()
    not_actions: Sequence[str] = ()
    resources: Sequence[str] = ()
    not_resources: Sequence[str] = ()
    principals: Sequence[str] | None = None
    not_principals: Sequence[str] | None = None
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def grant(self, request: AccessRequest) -> Grant | None:
        """The action and resource patterns that match, or None when the statement does not apply."""
        action = self._action(request.action)
        if action is None or not self._is_for(request.principals):
            return None
        resource = self._resource(request)
        if resource is None or not holds(self.conditions, request.context):
            return None
        return Grant(self.policy, self.label, action, resource)

    def _action(self, action: str) -> str | None:
        if self.not_actions:
            return None if any(_same_action(each, action) for each in self.not_actions) else "(NotAction)"
        return next((each for each in self.actions if _same_action(each, action)), None)

    def _resource(self, request: AccessRequest) -> str | None:
        if self.not_resources:
            named = any(_same_resource(each, request) for each in self.not_resources)
            return None if named else "(NotResource)"
        if not self.resources:
            return "*"  # a resource policy that names no resource is about its own
        return next((each for each in self.resources if _same_resource(each, request)), None)

    def _is_for(self, principals: Sequence[str]) -> bool:
        if self.not_principals is not None:
            return not set(self.not_principals) & {*principals, "*"}
        return self.principals is None or bool(set(self.principals) & {*principals, "*"})


@lru_cache(maxsize=1024)
def statements(document: str, policy: str) -> tuple[Statement, ...]:
    """The statements of a policy's JSON text; one that is no policy has none, and is complained about in the log."""
    try:
        parsed = json.loads(document)
        listed = parsed["Statement"]
        return tuple(
            _statement(policy, number, each)
            for number, each in enumerate(listed if isinstance(listed, list) else [listed], start=1)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("policy %s cannot be read and grants nothing: %r", policy, error)
        return ()


def _statement(policy: str, number: int, element: Mapping[str, Any]) -> Statement:
    return Statement(
        policy=policy,
        label=str(element.get("Sid") or number),
        allows=element["Effect"] == "Allow",
        actions=_listed(element.get("Action")),
        not_actions=_listed(element.get("NotAction")),
        resources=_listed(element.get("Resource")),
        not_resources=_listed(element.get("NotResource")),
        principals=tuple(_principals(element["Principal"])) if "Principal" in element else None,
        not_principals=tuple(_principals(element["NotPrincipal"])) if "NotPrincipal" in element else None,
        conditions=element.get("Condition") or {},
    )


def _listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(each) for each in (value if isinstance(value, list) else [value]))


def _principals(element: Any) -> Iterator[str]:
    """Names as requests have them: ARNs, service names, ``*``; an account's number is its root's ARN."""
    if element == "*":
        yield "*"
        return
    for names in element.values():
        for name in _listed(names):
            yield f"arn:aws:iam::{name}:root" if name.isdigit() else name


def _same_action(pattern: str, action: str) -> bool:
    return pattern == "*" or glob(pattern.lower(), action.lower())


def _same_resource(pattern: str, request: AccessRequest) -> bool:
    try:
        return matches_arn(with_variables(pattern, request.context), request.resource)
    except MissingVariableError:
        return False
