"""What people are told by mail when an account is made for them: the demo reads it where the machine keeps mail."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path

from vigil.cli.demo.state import DemoError

SAYS = re.compile(r"temporary password is (\S+)\.\s*$")


def temporary_password(outbox: Path, address: str) -> str:
    """The temporary password that was last sent to this address, as its owner would read it."""
    for file in sorted(outbox.glob("*.eml"), reverse=True):  # named by time
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body(("plain",))
        found = SAYS.search(body.get_content()) if body is not None and message["To"] == address else None
        if found is not None:
            return found[1]
    raise DemoError(f"no invitation to {address} lies in {outbox}: `vigil people reset` sends another one")
