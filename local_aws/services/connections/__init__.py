"""Connections of EventBridge: how an HTTP endpoint outside is authorised, for API destinations and HTTP tasks.

moto keeps the records; a token of OAuth is fetched from its endpoint and kept in memory only.
"""

from __future__ import annotations

from local_aws.services.connections import destination_operations, operations

__all__ = ["destination_operations", "operations"]
