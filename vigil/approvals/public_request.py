"""A request as interfaces get it, without the token, read back into its type."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.approvals.models import ApprovalRequest

WITHHELD = "withheld"  # where the token's ciphertext would be: it never leaves the functions


def read_public(row: Mapping[str, object]) -> ApprovalRequest:
    """Of what ``ApprovalRequest.public()`` gave; what the desk adds to it is left out.

    Raises pydantic's ``ValidationError``.
    """
    own = {name: value for name, value in row.items() if name in ApprovalRequest.model_fields}
    return ApprovalRequest.model_validate(own | {"token_ciphertext": WITHHELD})
