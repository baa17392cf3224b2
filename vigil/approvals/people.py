"""Who may sign: one record for each person, beside the identity provider's account.

An identification is of one person for good (21 CFR 11.100(a)): a user name is bound to the provider's subject when it
is added or at the first signature, and a name that was revoked or bound to somebody else is never taken again.
"""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from vigil.moments import Moment


class Person(BaseModel):
    """``roles``: role → when the person was last trained for it. ``failures`` since the last sign-in that succeeded.

    ``session_hash``: SHA-256 of the secret of a continuous period of signing; the secret itself is kept nowhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    username: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9@._+-]{0,127}$")
    printed_name: str = Field(min_length=1, max_length=200)
    email: str | None = None
    roles: dict[str, Moment] = Field(default_factory=dict)
    issuer: str | None = None
    subject: str | None = None
    revoked_at: Moment | None = None
    failures: int = 0
    locked_until: Moment | None = None
    session_hash: str | None = None
    session_began_at: Moment | None = None
    session_expires_at: Moment | None = None
    revision: int = 0


#: What ends a period of continuous signing.
NO_SESSION: dict[str, None] = {"session_hash": None, "session_began_at": None, "session_expires_at": None}


def canonical_username(typed: str) -> str:
    """The one spelling that is stored: ``Ana`` and ``ana`` must not be two people (21 CFR 11.100(a))."""
    return typed.strip().lower()


class People(Protocol):
    def get(self, username: str) -> Person | None:
        """Read consistently."""

    def insert(self, person: Person) -> bool:
        """False if the user name is or ever was somebody's."""

    def replace(self, person: Person) -> bool:
        """Store the next revision of a record; False if ``person.revision`` is not the stored one."""

    def all(self) -> list[Person]:
        """Sorted by user name."""
