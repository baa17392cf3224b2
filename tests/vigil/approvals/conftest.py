import pytest
from approval_bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench.make()
