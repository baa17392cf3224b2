import pytest
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
