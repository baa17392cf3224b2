import pytest
from approval_fakes import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench.make()
