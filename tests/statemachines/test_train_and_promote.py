"""Every end of train-and-promote, executed: the course it takes, what it records, what it leaves untouched."""

import json

import pytest
from promotion_world import FACTS, PASSED, RUN, FunctionError
from state_machines import client_error

TO_THE_WAIT = ["PinRun", "Train", "Evaluate", "Gate", "GateVerdict", "Register", "WaitForApproval"]
ENDPOINT_CALLS = ("create_model", "create_endpoint_config", "create_endpoint", "update_endpoint", "delete_endpoint")


def failed(promotion, execution, name, course, reason=None):
    """It ended under its name, after recording it, on this course, and touched no endpoint."""
    described = promotion.world.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", name), described
    assert promotion.course(execution) == [*course, "RecordFailure", "EndByName", name]
    (recorded,) = promotion.recorded()
    assert (recorded["outcome"], recorded["execution_arn"]) == (name, execution)
    assert described["cause"] == f"read: {recorded['cause']}"
    assert reason is None or reason in recorded["cause"]
    for call in ENDPOINT_CALLS:
        assert not promotion.services.made(f"sagemaker.{call}"), call
    return recorded


def test_an_approved_candidate_ends_in_service(promotion):
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert described["status"] == "SUCCEEDED", described
    assert promotion.course(execution) == [*TO_THE_WAIT, "Decision", "UpdateEndpoint", "RecordInService", "InService"]
    assert json.loads(described["output"]) == {
        "outcome": "InService",
        "model_package_arn": FACTS["model_package_arn"],
        "artefact_digest": FACTS["artefact_digest"],
        "dataset_version": RUN["dataset_version"],
        "approval_request_id": "apr-1",
        "endpoint_name": "triage",
    }
    assert [each["outcome"] for each in promotion.recorded()] == ["InService"]
    assert promotion.sagemaker.endpoints["triage"]["status"] == "InService"


def test_update_endpoint_is_told_the_request_and_the_run_that_asked(promotion):
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    (asked,) = [event for name, event in promotion.events if name == "VerifyApproval"]
    assert asked["approval_request_id"] == "apr-1"
    assert asked["requested_execution"] == execution
    assert asked["execution_arn"].endswith("update-endpoint:apr-1")


def test_the_wait_hands_over_what_open_approval_needs(promotion):
    execution = promotion.start()
    message = promotion.wait()
    assert message["facts"] == FACTS
    assert (message["execution_arn"], message["state_name"], message["attempt"]) == (execution, "WaitForApproval", 0)
    assert message["timeout_seconds"] == RUN["approval_timeout_seconds"]
    promotion.world.stop(execution)


def test_the_jobs_get_what_was_pinned(promotion):
    execution = promotion.start()
    promotion.wait()
    (training,) = promotion.services.made("sagemaker.create_training_job")
    (processing,) = promotion.services.made("sagemaker.create_processing_job")
    assert training["HyperParameters"] == RUN["hyperparameters"]
    assert training["Environment"] == processing["Environment"] == {"VIGIL_CODE_REVISION": "revision-1"}
    channels = {
        each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in training["InputDataConfig"]
    }
    assert channels == {"dataset": RUN["dataset_uri"], "plan": RUN["plan_uri"]}
    inputs = {each["InputName"]: each["S3Input"]["LocalPath"] for each in processing["ProcessingInputs"]}
    assert inputs == {name: f"/opt/ml/processing/input/{name}" for name in ("model", "dataset", "plan")}
    assert processing["AppSpecification"]["ContainerEntrypoint"] == ["python", "-m", "tasks.sagemaker", "evaluate"]
    (gate,) = [event for name, event in promotion.events if name == "GateCandidate"]
    output = processing["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert gate["evaluation_uri"] == f"{output}/evaluation.json"
    promotion.world.stop(execution)


def test_a_rejected_candidate_ends_as_rejected_with_the_reason(promotion):
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "REJECTED", "reason": "rejected by Ana: drifted"})
    recorded = failed(promotion, execution, "Rejected", [*TO_THE_WAIT, "Decision"], "rejected by Ana: drifted")
    assert recorded["candidate"] == FACTS


def test_a_wait_that_nobody_answers_ends_as_expired(promotion):
    promotion.functions["PinRun"] = RUN | {"approval_timeout_seconds": 1}
    failed(promotion, promotion.start(), "Expired", TO_THE_WAIT, "nobody decided within 1 seconds")


def test_a_signature_that_does_not_verify_ends_as_signature_invalid(promotion):
    execution = promotion.start()
    promotion.world.fail(promotion.wait()["task_token"], error="SignatureInvalid", cause="no signed decision")
    failed(promotion, execution, "SignatureInvalid", TO_THE_WAIT, "no signed decision")


def test_a_stolen_token_promotes_nothing(promotion):
    """A bare SendTaskSuccess says APPROVED; there is no signature that update-endpoint could verify."""
    promotion.functions["VerifyApproval"] = FunctionError("SignatureInvalidError", "there is no approval request")
    execution = promotion.start()
    promotion.answer({"request_id": "apr-none", "decision": "APPROVED"})
    course = [*TO_THE_WAIT, "Decision", "UpdateEndpoint", "NameUpdateFailure"]
    described = promotion.world.ended(execution)
    assert promotion.course(execution) == [*course, "RecordFailure", "EndByName", "SignatureInvalid"]
    assert described["error"] == "SignatureInvalid"
    for call in ENDPOINT_CALLS:
        assert not promotion.services.made(f"sagemaker.{call}"), call


@pytest.mark.parametrize("output", [{}, {"decision": "approved"}, "APPROVED", [], None, {"decision": True}])
def test_an_answer_that_is_no_decision_promotes_nothing(promotion, output):
    execution = promotion.start()
    promotion.answer(output)
    failed(promotion, execution, "InternalFailure", [*TO_THE_WAIT, "Decision"], "no decision")


@pytest.mark.parametrize("outcome", ["below-limits", "leak-suspected", "something-new"])
def test_a_candidate_that_the_gate_refuses_is_not_registered(promotion, outcome):
    promotion.functions["GateCandidate"] = PASSED | {
        "verdict": {"passed": False, "outcome": outcome}, "summary": "auroc: 0.99, limit 0.95",
    }  # fmt: skip
    failed(promotion, promotion.start(), "GateRefused", TO_THE_WAIT[:5], "auroc: 0.99")
    assert not [name for name, _ in promotion.events if name == "RegisterCandidate"]


def test_a_verdict_that_contradicts_itself_is_not_registered(promotion):
    promotion.functions["GateCandidate"] = PASSED | {"verdict": {"passed": True, "outcome": "below-limits"}}
    failed(promotion, promotion.start(), "GateRefused", TO_THE_WAIT[:5])


def test_a_candidate_outside_the_plan_needs_an_amended_plan(promotion):
    promotion.functions["GateCandidate"] = PASSED | {"verdict": {"passed": False, "outcome": "outside-plan"}}
    failed(promotion, promotion.start(), "NeedsAmendedPlan", TO_THE_WAIT[:5])


def test_a_request_outside_the_plan_trains_nothing(promotion):
    promotion.functions["PinRun"] = FunctionError("OutsidePlanError", "max_depth: 500 is not within")
    recorded = failed(promotion, promotion.start(), "NeedsAmendedPlan", ["PinRun"], "max_depth")
    assert (recorded["run"], recorded["candidate"]) == ({}, {})
    assert not promotion.sagemaker.jobs


def test_a_bad_request_ends_as_internal_failure_with_its_reason(promotion):
    promotion.functions["PinRun"] = FunctionError("RequestError", "dataset_version: release it first")
    failed(promotion, promotion.start(value={}), "InternalFailure", ["PinRun"], "release it first")


@pytest.mark.parametrize(
    ("kind", "name", "course"),
    [("Training", "TrainingFailed", TO_THE_WAIT[:2]), ("Processing", "EvaluationFailed", TO_THE_WAIT[:3])],
)
def test_a_job_that_fails_gives_the_run_its_name_and_reason(promotion, kind, name, course):
    promotion.sagemaker.job_failures[kind] = "AlgorithmError: no rows in cases.parquet"
    failed(promotion, promotion.start(), name, course, "no rows in cases.parquet")


@pytest.mark.parametrize(
    ("function", "course"), [("GateCandidate", TO_THE_WAIT[:4]), ("RegisterCandidate", TO_THE_WAIT[:6])]
)
def test_a_function_that_fails_ends_as_internal_failure(promotion, function, course):
    promotion.functions[function] = FunctionError("EvidenceError", "the evaluation was changed")
    failed(promotion, promotion.start(), "InternalFailure", course, "the evaluation was changed")


def test_a_throttled_job_is_asked_for_again_under_another_name(promotion):
    promotion.sagemaker.refuse("create_training_job", client_error("ThrottlingException", "Rate exceeded"))
    execution = promotion.start()
    promotion.wait()
    names = [each["TrainingJobName"] for each in promotion.services.made("sagemaker.create_training_job")]
    assert len(set(names)) == 2
    promotion.world.stop(execution)


def test_a_throttled_function_is_called_again(promotion):
    promotion.functions["GateCandidate"] = [client_error("TooManyRequestsException", "Rate exceeded", 429), PASSED]
    execution = promotion.start()
    promotion.wait()
    assert [name for name, _ in promotion.events].count("GateCandidate") == 2
    promotion.world.stop(execution)


@pytest.mark.parametrize(
    ("function", "answer"), [("PinRun", RUN), ("GateCandidate", PASSED), ("RegisterCandidate", FACTS)]
)
def test_a_step_that_could_not_be_recorded_is_taken_again_and_not_passed_over(promotion, function, answer):
    unavailable = FunctionError("LedgerUnavailableError", "not now")
    promotion.functions[function] = [unavailable, answer]
    execution = promotion.start()
    promotion.wait()
    assert [name for name, _ in promotion.events].count(function) == 2
    promotion.world.stop(execution)


def test_a_wait_whose_request_could_not_be_opened_fails_at_once_with_its_cause(promotion):
    execution = promotion.start()
    token = promotion.wait()["task_token"]
    promotion.world.fail(token, error="ApprovalNotOpened", cause="nobody could have decided")
    failed(promotion, execution, "InternalFailure", TO_THE_WAIT, "ApprovalNotOpened: nobody could have decided")


def test_an_endpoint_that_was_rolled_back_gives_the_run_that_name(promotion):
    promotion.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "serves the model bbb")
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert described["error"] == "EndpointRolledBack"
    assert "serves the model bbb" in described["cause"]
    assert [each["outcome"] for each in promotion.recorded()] == ["EndpointRolledBack", "EndpointRolledBack"]


def test_a_record_that_fails_does_not_change_how_the_run_ends(promotion):
    promotion.functions["RecordOutcome"] = FunctionError("RuntimeError", "the table is gone")
    promotion.sagemaker.job_failures["Training"] = "AlgorithmError"
    described = promotion.world.ended(promotion.start())
    assert described["error"] == "TrainingFailed"
    assert "AlgorithmError" in described["cause"]


def test_a_run_in_service_that_could_not_be_recorded_says_so_loudly(promotion):
    promotion.functions["RecordOutcome"] = FunctionError("RuntimeError", "the table is gone")
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert described["error"] == "InternalFailure"
    assert "the model is in service, but the run could not be recorded" in described["cause"]


def test_a_stopped_run_answers_no_token_any_more(promotion):
    execution = promotion.start()
    token = promotion.wait()["task_token"]
    promotion.world.stop(execution, error="stopped", cause="by an operator")
    assert promotion.world.ended(execution)["status"] == "ABORTED"
    with pytest.raises(Exception, match="TaskTimedOut"):
        promotion.world.succeed(token, {"request_id": "apr-1", "decision": "APPROVED"})
    assert not promotion.services.made("sagemaker.create_model")
