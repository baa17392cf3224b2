"""SES, both versions: what is sent becomes a file in the outbox; identities, templates and the rest stay moto's."""

from __future__ import annotations

from local_aws.services.ses import operations, version_2

__all__ = ["operations", "version_2"]
