"""Condition keys of a request that hold for every service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws.access.roles import RolePolicies
from local_aws.api import ACCOUNT, REGION
from local_aws.calls.incoming import IncomingCall
from local_aws.times import iso_seconds

TAG_LISTS = ("Tags", "tags", "TagList")


def request_context(call: IncomingCall, role: RolePolicies | None) -> dict[str, Sequence[str]]:
    """Keys in lower case. The transport counts as secure: it never leaves the machine."""
    now = datetime.fromtimestamp(call.began, UTC)
    principal = call.principal
    context: dict[str, Sequence[str]] = {
        "aws:principalarn": [principal.role or principal.arn],
        "aws:principalaccount": [ACCOUNT],
        "aws:principaltype": [principal.kind],
        "aws:principalisawsservice": ["false"],
        "aws:userid": [principal.user_id],
        "aws:resourceaccount": [ACCOUNT],
        "aws:requestedregion": [REGION],
        "aws:sourceip": [call.environ.get("REMOTE_ADDR") or "127.0.0.1"],
        "aws:useragent": [call.environ.get("HTTP_USER_AGENT", "")],
        "aws:currenttime": [iso_seconds(now)],
        "aws:epochtime": [str(int(call.began))],
        "aws:securetransport": ["true"],
        "aws:viaawsservice": ["false"],
    }
    for key, value in role.tags if role is not None else ():
        context[f"aws:principaltag/{key.lower()}"] = [value]
    tags = dict(_tags(call.parameters))
    if tags:
        context["aws:tagkeys"] = list(tags)
        context |= {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    return context


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in TAG_LISTS:
        tags = parameters.get(name)
        if isinstance(tags, Mapping):
            yield from ((str(key), str(value)) for key, value in tags.items())
        for tag in tags if isinstance(tags, list) else []:
            if isinstance(tag, Mapping):
                key, value = tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value", ""))
                yield str(key), str(value)
