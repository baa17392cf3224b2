"""The local outbox: mail that AWS would send lies here as files one can read."""

from __future__ import annotations

from local_aws.services.mail.outbox import compose, folder_of, keep, new_message_id

__all__ = ["compose", "folder_of", "keep", "new_message_id"]
