"""What an administrator can ask for, and what a person asks for their own password. ``by``: who asks, as they say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from vigil.moments import Moment

LONGEST_REVOCATION = 1000  # characters of why

Username = Annotated[str, Field(pattern=r"^\s*[A-Za-z0-9][A-Za-z0-9@._+-]{0,127}\s*$")]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,127}$")]


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    username: Username
    by: str = Field(min_length=1, max_length=300)


class AddPerson(_Order):
    """A temporary password is made up and mailed to ``email``; nobody who administers learns it (21 CFR 11.200(a)(3)).

    ``issuer`` and ``subject``: the account at another OpenID provider that the person signs with; then the stack's own
    pool gets none.
    """

    operation: Literal["add"] = "add"
    printed_name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")
    roles: list[Role] = Field(min_length=1)
    trained_at: Moment | None = None
    issuer: str | None = None
    subject: str | None = None

    @model_validator(mode="after")
    def _an_account_can_be_reached(self) -> AddPerson:
        if (self.issuer is None) != (self.subject is None):
            raise ValueError("issuer and subject name another provider's account together")
        if self.issuer is None and self.email is None:
            raise ValueError("give the person's own mail address, to which a temporary password is sent")
        return self


class Train(_Order):
    """The person was trained for the role ``on`` that day (now, where none is given), and holds it."""

    operation: Literal["train"] = "train"
    role: Role
    trained_at: Moment | None = None


class Revoke(_Order):
    """Take one role away, or, without one, everything and for good."""

    operation: Literal["revoke"] = "revoke"
    role: Role | None = None
    reason: str = Field(min_length=1, max_length=LONGEST_REVOCATION)


class Unlock(_Order):
    operation: Literal["unlock"] = "unlock"


class Reset(_Order):
    """The password was forgotten: a temporary one is mailed to the person's own address, and nobody else sees it."""

    operation: Literal["reset"] = "reset"


class SignOut(_Order):
    operation: Literal["sign-out"] = "sign-out"


class ChoosePassword(_Order):
    """By the person alone: ``current`` may be the temporary one."""

    current: SecretStr
    new: SecretStr


class ListPeople(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: Literal["list"] = "list"
    by: str = ""


Order = Annotated[AddPerson | Train | Revoke | Unlock | Reset | SignOut | ListPeople, Field(discriminator="operation")]
