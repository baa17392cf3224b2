from collections.abc import Iterator
from pathlib import Path

import pytest
from execution_progress import ReadsProgress, progress_of
from promotion_world import PromotionWorld
from shortened_machines import shortened
from state_machines import FakeServices, StatesWorld

from vigil.executions.models import Progress


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    """Both machines of the tree on local_aws's engine, over services made up for the test."""
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def progress(promotion: PromotionWorld) -> ReadsProgress:
    def read(execution: str) -> Progress:
        machine = execution.split(":")[-2]
        return progress_of(promotion.world, shortened(machine), execution)

    return read


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StatesWorld]:
    made = StatesWorld(tmp_path, FakeServices())
    yield made
    made.close()
