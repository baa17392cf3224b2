"""`vigil stop` ends everything. Runs after all that uses the one stack (see the order in tests/conftest.py)."""

from __future__ import annotations

import time

import pytest
from running_stack import RunningStack, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def test_no_process_survives_stop(running_stack: RunningStack) -> None:
    assert len(processes_of(running_stack.state_dir)) > 5
    running_stack.vigil("stop", "--state-dir", str(running_stack.state_dir))
    deadline = time.monotonic() + 30
    while (left := processes_of(running_stack.state_dir)) and (time.monotonic() < deadline):
        time.sleep(0.2)
    assert not left, left
