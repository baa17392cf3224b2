"""Used against granted, both ways: what each role asked for without being granted it, and what it never used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypedDict

from local_aws.access.policies import Statement
from local_aws.access.roles import role_arns, role_policies
from local_aws.access.usage import RoleUsage, Usage, grant_key
from local_aws.protocol import Response


class GrantedAction(TypedDict):
    """One action of a policy on one resource; ``used`` lists what was done under it, ``last`` when (ISO 8601)."""

    policy: str
    statement: str
    action: str
    resource: str
    used: list[str]
    count: int
    last: str | None


class NotGranted(TypedDict):
    action: str
    resource: str
    reason: str
    count: int
    last: str


class RoleReport(TypedDict):
    role: str
    exists: bool
    used: list[GrantedAction]
    granted_but_never_used: list[GrantedAction]
    used_but_not_granted: list[NotGranted]


def report(usage: Usage) -> list[RoleReport]:
    return [_of_role(role, usage.of(role)) for role in sorted({*role_arns(), *usage.roles()})]


def answers(usage: Usage, mode: str) -> Callable[[str, bytes], Response]:
    """The answer to ``GET /_local_aws/access``."""

    def answer(method: str, body: bytes) -> Response:
        content = json.dumps({"mode": mode, "roles": report(usage)}, ensure_ascii=False)
        return Response(200, {"Content-Type": "application/json"}, content.encode())

    return answer


def _of_role(arn: str, usage: RoleUsage) -> RoleReport:
    policies = role_policies(arn)
    granted = [] if policies is None else list(_granted(policies.identity, usage))
    refused: list[NotGranted] = [{**refusal, "last": _text(refusal["last"])} for refusal in usage["refusals"].values()]
    return {
        "role": arn,
        "exists": policies is not None,
        "used": [each for each in granted if each["used"]],
        "granted_but_never_used": [each for each in granted if not each["used"]],
        "used_but_not_granted": refused,
    }


def _granted(statements: tuple[Statement, ...], usage: RoleUsage) -> Iterator[GrantedAction]:
    for statement in statements:
        if not statement.allows:
            continue
        for action in statement.actions or ("(NotAction)",):
            for resource in statement.resources or ("(NotResource)" if statement.not_resources else "*",):
                used: Any = usage["grants"].get(grant_key(statement.policy, statement.label, action, resource), {})
                yield {
                    "policy": statement.policy,
                    "statement": statement.label,
                    "action": action,
                    "resource": resource,
                    "used": sorted(used.get("actions", [])),
                    "count": used.get("count", 0),
                    "last": _text(used["last"]) if used else None,
                }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
