"""Principals: whose call a request is.

ARNs: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from local_aws.api import ACCOUNT

ROLE_ARN = re.compile(
    r"arn:aws[\w-]*:iam::(?P<account>\d{12}):role/(?P<path>(?:[\w+=,.@-]+/)*)(?P<name>[\w+=,.@-]{1,64})"
)
#: Characters of a session name, at most 64: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
NOT_OF_SESSION_NAMES = re.compile(r"[^\w+=,.@-]")
LONGEST_SESSION_NAME = 64

Kind = Literal["Root", "AssumedRole", "AWSService"]


@dataclass(frozen=True)
class Principal:
    """``role`` is the ARN of an assumed role, None for the operator and the server itself.

    ``source`` names the job, function, endpoint or execution that calls, as its ARN or its name.
    """

    kind: Kind
    arn: str
    role: str | None = None
    session: str | None = None
    source: str | None = None
    #: The call is made by this server itself, in its own name or in a role's.
    internal: bool = False

    @property
    def user_id(self) -> str:
        """The unique id, of the form ``AROA...:session`` for an assumed role."""
        if self.role is None:
            return ACCOUNT
        return f"{role_id(self.role)}:{self.session}"


#: Whoever calls with no credentials of this server's: the person who runs it.
OPERATOR = Principal("Root", f"arn:aws:iam::{ACCOUNT}:root")
#: The server's own bookkeeping.
SERVER = Principal("AWSService", f"arn:aws:iam::{ACCOUNT}:root", source="local_aws", internal=True)


def assumed_role(role: str, session: str, source: str | None = None, *, internal: bool = False) -> Principal:
    """The principal of a role's session. A text that is no role ARN is taken for the role's name."""
    match = ROLE_ARN.fullmatch(role)
    account, name = (match["account"], match["name"]) if match else (ACCOUNT, role.rpartition("/")[2])
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    return Principal("AssumedRole", arn, role, session, source, internal)


def role_name(role: str) -> str:
    """The name at the end of a role's ARN, without its path."""
    return role.rpartition("/")[2]


def role_id(role: str) -> str:
    """A unique id of AWS's form, always the same for the same role."""
    return "AROA" + hashlib.sha256(role.encode()).hexdigest()[:17].upper()


def session_name(text: str) -> str:
    """``text`` as a session name: other characters become hyphens, the end is kept."""
    return NOT_OF_SESSION_NAMES.sub("-", text)[-LONGEST_SESSION_NAME:]
