"""Time to live: expired items are deleted in the background, and the stream says who deleted them.

AWS deletes within a few days and never what expired more than five years ago
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html); here it takes seconds
(``LOCAL_AWS_TTL_SECONDS``). The stream record names the service as its identity
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from moto.core.utils import unix_time
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from local_aws.api import ApiError
from local_aws.moto_backend import CALLS, MotoBackend
from local_aws.services.rounds import Rounds
from local_aws.settings import ServerSettings

logger = logging.getLogger(__name__)

SERVICE = "dynamodb"
EXPIRE = "dynamodb.expire"
OLDEST_SECONDS = 5 * 365 * 86400
IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
STOP_TIMEOUT_SECONDS = 10.0


class Expiry:
    """Looks for expired items now and then, from ``start`` to ``stop``."""

    def __init__(self, moto: MotoBackend) -> None:
        self._moto = moto
        pause = max(0.1, ServerSettings.from_environment().ttl_seconds)
        self._rounds = Rounds("dynamodb expiry", pause, self._round, "expired items could not be deleted")

    def start(self) -> None:
        self._rounds.start()

    def stop(self) -> None:
        self._rounds.close(STOP_TIMEOUT_SECONDS)

    def _round(self, _: bool) -> None:
        try:
            self._look()
        except ApiError as error:  # a full disk: the next look tries again
            logger.warning("expired items could not be deleted: %s", error.message)

    def _look(self) -> None:
        # Only a deletion is worth a record in the journal.
        with self._moto.locked(SERVICE):
            found = next(_expired(unix_time()), None)
        if found is not None:
            self._moto.call(SERVICE, EXPIRE, {})


def expire(arguments: dict[str, Any]) -> int:
    """Delete what is expired at moto's present time; returns how many items that were."""
    found = list(_expired(unix_time()))
    for table, item in found:
        table.delete_item(item.hash_key, item.range_key)
        if table.stream_shard is not None and table.stream_shard.items:
            table.stream_shard.items[-1].record["userIdentity"] = dict(IDENTITY)
    return len(found)


CALLS[EXPIRE] = expire


def _expired(now: float) -> Iterator[tuple[Table, Item]]:
    for regions in list(dynamodb_backends.values()):
        for backend in list(regions.values()):
            for table in list(backend.tables.values()):
                if table.ttl.get("TimeToLiveStatus") == "ENABLED":
                    name = str(table.ttl["AttributeName"])
                    yield from ((table, item) for item in _items(table) if _is_over(item, name, now))


def _items(table: Table) -> Iterator[Item]:
    """As the table holds them; moto's own list would sort them first."""
    items: dict[Any, Any] = table.items
    for held in list(items.values()):
        yield from list(held.values()) if table.range_key_attr else [held]


def _is_over(item: Item, name: str, now: float) -> bool:
    """Only a number counts; what is no number never expires."""
    attribute = item.attrs.get(name)
    if attribute is None or attribute.type != "N":
        return False
    end = float(attribute.value)
    return now - OLDEST_SECONDS <= end <= now
