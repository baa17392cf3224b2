"""An engine of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lock_order
import pytest
from state_machines import FakeServices, StatesWorld


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def world(tmp_path: Path, services: FakeServices) -> Iterator[StatesWorld]:
    """Whatever a test shows, it also shows that no two threads can wait for each other's locks."""
    with lock_order.watched() as order:
        services.on_call = order.call
        world = StatesWorld(tmp_path, services)
        yield world
        world.close()
    assert not order.faults, "see the order of locks in local_aws/store.py"
