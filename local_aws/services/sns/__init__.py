"""SNS: moto keeps topics and subscriptions; messages are delivered by the delivery queue, mail goes to the outbox."""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services import announcements

__all__: list[str] = []


def resume(context: Context) -> None:
    announcements.listen(context)


def shutdown(context: Context) -> None:
    announcements.stop_listening(context)
