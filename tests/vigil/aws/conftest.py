from collections.abc import Iterator

import pytest
from moto_stack import MotoStack, moto_stack


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    """A stack inside moto, in this process."""
    with moto_stack(monkeypatch) as made:
        yield made
