"""Deliveries: what one service hands to another by itself, kept in the store until it has arrived or is given up."""

from __future__ import annotations

import weakref

from local_aws.api import Context
from local_aws.services.deliveries.orders import Order, add
from local_aws.services.deliveries.queue import Deliveries
from local_aws.store import Store

__all__ = ["Order", "add"]

_running: weakref.WeakKeyDictionary[Store, Deliveries] = weakref.WeakKeyDictionary()


def resume(context: Context) -> None:
    """Deliver what was not delivered when the server ended, and what comes from now on."""
    _running[context.store] = Deliveries(context)


def shutdown(context: Context) -> None:
    deliveries = _running.pop(context.store, None)
    if deliveries is not None:
        deliveries.close()
