"""The train-model queue's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.digests import digest_of

NAME_DIGITS = 32  # of SHA-256


def execution_arn(state_machine: str, name: str) -> str:
    """The ARN that an execution of this name has or will have (IAM resource types of Step Functions)."""
    return f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"


def execution_name(record: Mapping[str, Any]) -> str:
    """The same message always names the same execution, so that one delivered twice starts one run.

    A FIFO queue's deduplication id says what the sender means by "the same"; else it is the message's own id.
    """
    sent = record.get("attributes", {}).get("MessageDeduplicationId") or record["messageId"]
    return f"queue-{digest_of(sent)[:NAME_DIGITS]}"
