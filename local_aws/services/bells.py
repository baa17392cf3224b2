"""What wakes a thread that works through documents of the store: one bell for each store and name.

A bell may be rung inside a transaction: whoever wakes by it waits for the store, and so for the commit.
"""

from __future__ import annotations

import threading
import weakref

from local_aws.store import Store

_bells: weakref.WeakKeyDictionary[Store, dict[str, threading.Event]] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def bell_of(store: Store, name: str) -> threading.Event:
    with _guard:
        return _bells.setdefault(store, {}).setdefault(name, threading.Event())
