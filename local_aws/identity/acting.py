"""Acting in the name of a role: a context whose clients and child processes call as that role's session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from local_aws.api import ACCOUNT, Context
from local_aws.identity.principals import session_name
from local_aws.processes import Process


def acting_as(context: Context, role: str | None, session: str, source: str) -> Context:
    """The same context, whose clients call as ``role`` (an ARN or a name); credentials are minted at the first call.

    Without a role, or where no credentials are issued, it is the context itself.
    """
    if not role or context.issuer is None:
        return context
    arn = role if role.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{role}"
    name = session_name(session)
    clients = context.client.of_role(context.issuer, arn, name, source)
    return replace(context, client=clients, role=arn, session=name, source=source)


def start_child(context: Context, start: Callable[[Context], Process]) -> Process:
    """Start a process with credentials of the role that ``context`` acts as; they are revoked when it has ended.

    ``start`` gets the context from which ``child_environment`` takes them.
    """
    issuer = context.issuer
    if issuer is None or context.role is None:
        return start(context)
    made = issuer.mint(context.role, context.session or "session", source=context.source)
    try:
        process = start(replace(context, credentials=made))
    except BaseException:
        issuer.revoke(made.access_key)
        raise
    process.on_end = lambda: issuer.revoke(made.access_key)
    return process
