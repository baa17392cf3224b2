"""An engine of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from state_machines import FakeServices, StatesWorld


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def world(tmp_path: Path, services: FakeServices) -> Iterator[StatesWorld]:
    world = StatesWorld(tmp_path, services)
    yield world
    world.close()
