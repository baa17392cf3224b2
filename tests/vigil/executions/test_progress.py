"""Histories of both machines as local_aws's engine writes them, and what each state is then said to be."""

from __future__ import annotations

from execution_progress import ReadsProgress
from promotion_world import FunctionError, PromotionWorld
from state_machines import eventually

from vigil.executions.models import Status


def waiting(promotion: PromotionWorld) -> str:
    execution = promotion.start()
    promotion.wait()
    promotion.world.await_event(execution, "TaskSubmitted", 3)
    return execution


def test_a_run_that_waits_says_for_what_until_when_and_for_which_request(
    promotion: PromotionWorld, progress: ReadsProgress
) -> None:
    execution = waiting(promotion)
    state = progress(execution).states["WaitForApproval"]
    assert state.status is Status.WAITING
    assert state.wait is not None and state.wait.until is not None
    assert (state.wait.until - state.wait.since).total_seconds() == 600
    assert state.request_id == state.wait.request_id
    assert state.request_id is not None and state.request_id.startswith("apr-")
    promotion.world.stop(execution)


def test_an_approved_run_shows_the_way_it_took_and_the_execution_it_started(
    promotion: PromotionWorld, progress: ReadsProgress
) -> None:
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    found = progress(execution)
    assert {state.status for state in found.states.values()} == {Status.SUCCEEDED}
    assert ("Decision", "UpdateEndpoint") in found.taken and ("Decision", "RecordFailure") not in found.taken
    nested = found.states["UpdateEndpoint"].nested_execution
    assert nested is not None and nested.endswith(":update-endpoint:apr-1")
    inner = progress(nested)
    assert inner.states["InService"].status is Status.SUCCEEDED
    assert found.states["InService"].wait is None


def test_a_failure_that_is_caught_is_no_failure_of_the_machine_and_says_why(
    promotion: PromotionWorld, progress: ReadsProgress
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    execution = promotion.start()
    promotion.world.ended(execution)
    found = progress(execution)
    assert found.states["Train"].status is Status.CAUGHT
    assert "ran out of memory" in found.states["Train"].failures[-1].cause
    assert ("Train", "RecordFailure") in found.taken
    assert found.states["TrainingFailed"].status is Status.FAILED
    assert found.states["TrainingFailed"].failures[-1].error == "TrainingFailed"
    assert "Evaluate" not in found.states


def test_retries_are_counted_and_their_errors_kept(promotion: PromotionWorld, progress: ReadsProgress) -> None:
    answers = [FunctionError("Lambda.ServiceException"), FunctionError("Lambda.ServiceException")]
    promotion.functions["PinRun"] = [*answers, promotion.functions["PinRun"]]
    execution = waiting(promotion)
    state = progress(execution).states["PinRun"]
    assert (state.status, state.attempts, len(state.failures)) == (Status.SUCCEEDED, 3, 2)
    promotion.world.stop(execution)


def test_between_two_attempts_a_state_is_said_to_be_tried_again(
    promotion: PromotionWorld, progress: ReadsProgress
) -> None:
    promotion.functions["PinRun"] = FunctionError("Lambda.ServiceException")
    execution = promotion.start()
    promotion.world.await_event(execution, "TaskFailed")
    state = progress(execution).states["PinRun"]
    assert (state.status, state.wait) == (Status.RETRYING, None)
    promotion.world.ended(execution)


def test_a_stopped_run_stops_the_state_that_it_was_in(promotion: PromotionWorld, progress: ReadsProgress) -> None:
    execution = waiting(promotion)
    promotion.world.stop(execution, error="Airflow.TaskKilled")
    promotion.world.ended(execution)
    state = progress(execution).states["WaitForApproval"]
    assert (state.status, state.wait, state.open_visits) == (Status.ABORTED, None, 0)
    assert state.ended_at is not None


def test_a_state_that_is_entered_again_and_again_tells_of_its_newest_visit(
    promotion: PromotionWorld, progress: ReadsProgress
) -> None:
    promotion.sagemaker.endpoints["triage"] = {"status": "Failed", "config": "before"}
    promotion.sagemaker.looks_at_deletion = 4
    _, course = promotion.update()
    found = progress(promotion.machines["update-endpoint"].replace(":stateMachine:", ":execution:") + ":apr-1")
    assert found.states["AwaitRemoved"].visits == course.count("AwaitRemoved") > 2
    assert found.states["AwaitRemoved"].status is Status.SUCCEEDED


def test_a_redriven_run_goes_on_in_the_state_that_failed(promotion: PromotionWorld, progress: ReadsProgress) -> None:
    execution = waiting(promotion)
    promotion.world.stop(execution)
    promotion.world.ended(execution)
    promotion.world.redrive(execution)
    promotion.world.await_event(execution, "TaskSubmitted", 4)
    found = progress(execution)
    state = found.states["WaitForApproval"]
    assert (found.redrives, state.status, state.attempts, state.visits) == (1, Status.WAITING, 2, 1)
    promotion.world.succeed(
        eventually(promotion.world.open_tokens)[-1], {"request_id": "apr-1", "decision": "APPROVED"}
    )
    promotion.world.ended(execution)
    assert progress(execution).states["InService"].status is Status.SUCCEEDED


def test_data_that_is_long_is_cut_and_says_so(promotion: PromotionWorld, progress: ReadsProgress) -> None:
    execution = promotion.start(value={"reason": "long " * 5000})
    promotion.world.await_event(execution, "TaskStateEntered")
    data = progress(execution).states["PinRun"].data
    assert data is not None and data.input is not None
    assert len(data.input) < 13_000 and data.input.endswith("the archived history holds the whole")
    promotion.wait()
    promotion.world.stop(execution)
