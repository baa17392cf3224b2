"""Every end of roll-back, executed: the course it takes, what it records, what it leaves untouched."""

import json

import pytest
from promotion_world import FACTS, PINNED_ROLLBACK, FunctionError

ASKED = {"model_package_arn": FACTS["model_package_arn"], "requested_by": "dana", "reason": "the new one drifts"}
TO_THE_WAIT = ["PinRollback", "WaitForApproval"]
SERVED = [*TO_THE_WAIT, "Decision", "UpdateEndpoint"]


def start(promotion):
    return promotion.start("roll-back", ASKED)


def failed(promotion, execution, name, course):
    """It ended under its name, after recording it, on this course."""
    described = promotion.world.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", name), described
    assert promotion.course(execution) == [*course, "RecordFailure", "EndByName", name]
    recorded = promotion.recorded()[-1]
    assert (recorded["outcome"], recorded["execution_arn"]) == (name, execution)
    assert described["cause"] == f"read: {recorded['cause']}"
    return recorded


def test_an_approved_roll_back_ends_in_service_and_is_recorded_first(promotion):
    execution = start(promotion)
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert described["status"] == "SUCCEEDED", described
    assert promotion.course(execution) == [*SERVED, "RecordInService", "InService"]
    assert json.loads(described["output"])["model_package_arn"] == FACTS["model_package_arn"]
    assert [each["outcome"] for each in promotion.recorded()] == ["InService"]


def test_the_input_is_handed_to_the_pins_as_it_is_and_what_was_pinned_is_what_people_are_asked(promotion):
    execution = start(promotion)
    message = promotion.wait()
    (pinned,) = [event for name, event in promotion.events if name == "PinRollback"]
    assert (pinned["request"], pinned["execution_arn"]) == (ASKED, execution)
    assert message["facts"] == PINNED_ROLLBACK["facts"]
    assert (message["run_key"], message["execution_arn"]) == (PINNED_ROLLBACK["key"], execution)
    assert message["timeout_seconds"] == PINNED_ROLLBACK["approval_timeout_seconds"]
    promotion.world.stop(execution)


def test_one_approval_starts_one_replacement_that_knows_who_asked(promotion):
    execution = start(promotion)
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    (asked,) = [event for name, event in promotion.events if name == "VerifyApproval"]
    assert (asked["approval_request_id"], asked["requested_execution"]) == ("apr-1", execution)
    assert asked["execution_arn"].endswith("update-endpoint:apr-1")


def test_a_model_that_may_not_come_back_ends_as_refused_before_anybody_is_asked(promotion):
    promotion.functions["PinRollback"] = FunctionError("RollbackRefusedError", "it never served")
    recorded = failed(promotion, start(promotion), "RollbackRefused", ["PinRollback"])
    assert "it never served" in recorded["cause"]
    assert (recorded["run"], recorded["candidate"], promotion.messages) == ({}, {}, [])


def test_a_failure_of_the_pins_is_internal(promotion):
    promotion.functions["PinRollback"] = FunctionError("KeyError")
    failed(promotion, start(promotion), "InternalFailure", ["PinRollback"])


def test_a_ledger_that_is_away_for_a_moment_is_waited_for(promotion):
    promotion.functions["PinRollback"] = [FunctionError("LedgerUnavailableError"), PINNED_ROLLBACK]
    execution = start(promotion)
    promotion.wait()
    promotion.world.stop(execution)


def test_a_rejected_roll_back_ends_as_rejected_with_the_reason(promotion):
    execution = start(promotion)
    promotion.answer({"request_id": "apr-1", "decision": "REJECTED", "reason": "rejected by Ana: no need"})
    recorded = failed(promotion, execution, "Rejected", [*TO_THE_WAIT, "Decision"])
    assert recorded["run"]["kind"] == "rollback"
    assert not promotion.services.made("sagemaker.update_endpoint")


def test_a_wait_that_nobody_answers_ends_as_expired(promotion):
    promotion.functions["PinRollback"] = PINNED_ROLLBACK | {"approval_timeout_seconds": 1}
    failed(promotion, start(promotion), "Expired", TO_THE_WAIT)


@pytest.mark.parametrize("error", ["SignatureInvalid", "ApprovalNotOpened"])
def test_a_wait_that_is_failed_ends_by_the_name_of_what_failed_it(promotion, error):
    execution = start(promotion)
    promotion.world.fail(promotion.wait()["task_token"], error=error, cause="so it is")
    ended = "InternalFailure" if error == "ApprovalNotOpened" else error
    failed(promotion, execution, ended, TO_THE_WAIT)


def test_a_stolen_token_brings_nothing_back(promotion):
    promotion.functions["VerifyApproval"] = FunctionError("SignatureInvalidError", "there is no approval request")
    execution = start(promotion)
    promotion.answer({"request_id": "apr-none", "decision": "APPROVED"})
    failed(promotion, execution, "SignatureInvalid", [*SERVED, "NameUpdateFailure"])
    assert not promotion.services.made("sagemaker.create_endpoint")


def test_a_model_that_does_not_come_up_again_ends_as_rolled_back(promotion):
    promotion.functions["SmokeTest"] = FunctionError("SmokeTestError", "another digest answers")
    execution = start(promotion)
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    failed(promotion, execution, "EndpointRolledBack", [*SERVED, "NameUpdateFailure"])
