"""A run that was stopped while it waited for its signatures, and is redriven."""

from datetime import datetime

import pytest
from promotion_world import RUN
from state_machines import eventually

from vigil.approvals.identity import request_id_for


def moment(text):
    return datetime.fromisoformat(text)


def request_of(message):
    names = (message["execution_arn"], message["state_name"])
    return request_id_for(*names, moment(message["entered_at"]), message["attempt"])


@pytest.mark.parametrize("machine", ["train-and-promote", "roll-back"])
def test_a_redriven_wait_begins_anew_so_that_its_own_request_is_opened_for_its_whole_time(promotion, machine):
    """The state is not entered again and its retries count from 0: neither tells this wait from the one before."""
    execution = promotion.start(machine)
    first = promotion.wait()
    promotion.world.stop(execution)
    promotion.world.ended(execution)
    promotion.world.redrive(execution)
    second = eventually(lambda: len(promotion.messages) == 2 and promotion.messages[1])
    redriven = promotion.world.describe(execution)["redriveDate"]
    promotion.world.stop(execution)
    assert second["task_token"] != first["task_token"]
    assert request_of(second) != request_of(first)
    assert abs((moment(second["entered_at"]) - redriven).total_seconds()) < 0.01
    assert second["timeout_seconds"] == first["timeout_seconds"] == RUN["approval_timeout_seconds"]
