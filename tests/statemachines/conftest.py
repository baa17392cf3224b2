from collections.abc import Iterator
from pathlib import Path

import pytest
from promotion_world import CHAMPION, RELEASE, PromotionWorld
from state_machine_text import NAMES, StateMachine


@pytest.fixture(params=NAMES)
def machine(request: pytest.FixtureRequest) -> StateMachine:
    """Each state machine in turn."""
    return StateMachine(request.param)


@pytest.fixture
def train_and_promote() -> StateMachine:
    return StateMachine("train-and-promote")


@pytest.fixture
def update_endpoint() -> StateMachine:
    return StateMachine("update-endpoint")


@pytest.fixture
def roll_back() -> StateMachine:
    return StateMachine("roll-back")


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    """The machines on local_aws's engine, over services made up for the test."""
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def champion(promotion: PromotionWorld) -> PromotionWorld:
    """An endpoint whose recorded model serves."""
    promotion.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    promotion.functions["VerifyApproval"] = {**RELEASE, "champion": CHAMPION}
    promotion.record = {"config_name": "before", "execution_arn": CHAMPION["execution_arn"]}
    return promotion
