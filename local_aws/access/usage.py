"""What each role used: which parts of its policies let calls pass, and what it asked for without being granted it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any, TypedDict

from local_aws.access.decision import Decision
from local_aws.access.needs import Need
from local_aws.access.policies import Grant
from local_aws.store import Store

KIND = "access_usage"
SAVE_SECONDS = 1.0
#: Of a role, so that a loop over a million keys does not fill the store.
MOST_REFUSALS = 200


class UsedGrant(TypedDict):
    """``actions``: what was done under this part of a policy."""

    policy: str
    statement: str
    action: str
    resource: str
    actions: list[str]
    count: int
    last: datetime


class Refusal(TypedDict):
    action: str
    resource: str
    reason: str
    count: int
    last: datetime


class RoleUsage(TypedDict):
    grants: dict[str, UsedGrant]
    refusals: dict[str, Refusal]


class Usage:
    """Counts are written once a second at most; what a role does for the first time is written at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._roles: dict[str, Any] = dict(store.list(KIND))
        self._dirty: set[str] = set()
        self._saved = time.monotonic()

    def add(self, role: str, need: Need, decision: Decision) -> None:
        with self._lock:
            usage = self._roles.setdefault(role, {"grants": {}, "refusals": {}})
            if decision.reason is None:
                new = [_count_grant(usage, grant, need.action) for grant in decision.grants].count(True) > 0
            else:
                new = _count_refusal(usage, need, decision.reason.value.format(action=need.action))
            self._dirty.add(role)
            if new or time.monotonic() - self._saved > SAVE_SECONDS:
                self._save()

    def of(self, role: str) -> RoleUsage:
        with self._lock:
            usage: RoleUsage = self._roles.get(role, {"grants": {}, "refusals": {}})
            return {"grants": dict(usage["grants"]), "refusals": dict(usage["refusals"])}

    def roles(self) -> list[str]:
        return sorted(self._roles)

    def save(self) -> None:
        with self._lock:
            self._save()

    def _save(self) -> None:
        for role in self._dirty:
            self._store.put(KIND, role, self._roles[role])
        self._dirty.clear()
        self._saved = time.monotonic()


def grant_key(policy: str, statement: str, action: str, resource: str) -> str:
    return "\n".join((policy, statement, action, resource))


def _count_grant(usage: RoleUsage, grant: Grant, action: str) -> bool:
    """Returns whether this is new."""
    key = grant_key(grant.policy, grant.statement, grant.action, grant.resource)
    used = usage["grants"].get(key)
    if used is None:
        used = usage["grants"][key] = {
            "policy": grant.policy,
            "statement": grant.statement,
            "action": grant.action,
            "resource": grant.resource,
            "actions": [],
            "count": 0,
            "last": datetime.now(UTC),
        }
    new = action not in used["actions"]
    if new:
        used["actions"].append(action)
    used["count"] += 1
    used["last"] = datetime.now(UTC)
    return new


def _count_refusal(usage: RoleUsage, need: Need, reason: str) -> bool:
    key = f"{need.action}\n{need.resource}"
    refusal = usage["refusals"].get(key)
    if refusal is not None:
        refusal["count"] += 1
        refusal["last"] = datetime.now(UTC)
        return False
    if len(usage["refusals"]) >= MOST_REFUSALS:
        return False
    usage["refusals"][key] = {
        "action": need.action,
        "resource": need.resource,
        "reason": reason,
        "count": 1,
        "last": datetime.now(UTC),
    }
    return True
