"""S3 event notifications: moto keeps the configurations, the delivery queue and the event bus deliver."""

from __future__ import annotations

__all__: list[str] = []
