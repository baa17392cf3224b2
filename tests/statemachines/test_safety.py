"""The edges on which safety rests, each by name: a change to one must show here."""

import json
import re

import pytest
from state_machine_text import NAMES, StateMachine, expression

ENDPOINT_CALLS = ("createEndpoint", "updateEndpoint", "deleteEndpoint")


def calls(machine, *actions):
    """The states that call one of SageMaker's actions."""
    return {
        name
        for name, state in machine.of_type("Task").items()
        if re.search(rf"sagemaker:({'|'.join(actions)})$", state["Resource"])
    }


def test_update_endpoint_begins_with_verify_approval(update_endpoint):
    assert update_endpoint.start == "VerifyApproval"
    assert "${VerifyApprovalFunctionArn}" in json.dumps(update_endpoint.states["VerifyApproval"])


def test_nothing_is_called_where_verification_failed(update_endpoint):
    """Every way out of VerifyApproval but success leads to the record of the failure, and only there."""
    ways = {following for following, assigned in update_endpoint.edges("VerifyApproval") if "failure" in assigned}
    assert ways == {"RecordFailure"}
    after = update_endpoint.reachable(start="RecordFailure")
    assert not after & calls(update_endpoint, *ENDPOINT_CALLS, "createModel", "createEndpointConfig")


@pytest.mark.parametrize("gate", ["Gate", "GateVerdict", "Register", "WaitForApproval", "Decision"])
def test_no_path_reaches_update_endpoint_without_the_gate_and_the_wait(train_and_promote, gate):
    assert "UpdateEndpoint" in train_and_promote.reachable()
    assert "UpdateEndpoint" not in train_and_promote.reachable(without=gate)


def test_only_a_verdict_within_the_plan_is_registered(train_and_promote):
    assert train_and_promote.leading_to("Register") == {"GateVerdict"}
    (way,) = [each for each in train_and_promote.states["GateVerdict"]["Choices"] if each["Next"] == "Register"]
    assert expression(way["Condition"]) == "$gate.verdict.passed = true and $gate.verdict.outcome = 'within-plan'"
    assert train_and_promote.states["GateVerdict"]["Default"] == "RecordFailure"


def test_only_an_approval_leads_to_the_endpoint(train_and_promote):
    assert train_and_promote.leading_to("UpdateEndpoint") == {"Decision"}
    (way,) = [each for each in train_and_promote.states["Decision"]["Choices"] if each["Next"] == "UpdateEndpoint"]
    assert expression(way["Condition"]) == "$decision.decision = 'APPROVED'"
    assert train_and_promote.states["Decision"]["Default"] == "RecordFailure"


@pytest.mark.parametrize("gate", ["PinRollback", "WaitForApproval", "Decision"])
def test_no_path_rolls_back_without_the_pins_and_the_wait(roll_back, gate):
    assert roll_back.start == "PinRollback"
    assert "UpdateEndpoint" in roll_back.reachable()
    assert gate == roll_back.start or "UpdateEndpoint" not in roll_back.reachable(without=gate)
    assert roll_back.leading_to("WaitForApproval") == {"PinRollback"}


def test_a_roll_back_goes_the_way_of_a_promotion_from_the_wait_on(train_and_promote, roll_back):
    """Word for word, so that whatever holds for one holds for the other."""
    for name in ("WaitForApproval", "Decision", "UpdateEndpoint", "NameUpdateFailure", "InService", "RecordFailure"):
        assert roll_back.states[name] == train_and_promote.states[name], name


def test_a_roll_back_touches_no_endpoint_itself(roll_back):
    assert not calls(roll_back, *ENDPOINT_CALLS, "createModel", "createEndpointConfig")


def test_train_and_promote_touches_no_endpoint_itself(train_and_promote):
    assert not calls(train_and_promote, *ENDPOINT_CALLS, "createModel", "createEndpointConfig")


def test_what_is_promoted_is_named_by_the_request_and_the_run_that_asked(train_and_promote):
    arguments = train_and_promote.states["UpdateEndpoint"]["Arguments"]
    assert expression(arguments["Input"]["approval_request_id"]) == "$decision.request_id"
    assert expression(arguments["Input"]["requested_execution"]) == "$states.context.Execution.Id"
    assert expression(arguments["Name"]) == "$decision.request_id"


def test_a_model_is_active_only_after_its_smoke_test(update_endpoint):
    assert update_endpoint.leading_to("MarkActive") == {"SmokeTest"}
    assert update_endpoint.leading_to("InService") == {"Notify"}
    assert "InService" not in update_endpoint.reachable(without="MarkActive")


def test_the_smoke_test_meets_the_new_configuration(update_endpoint):
    (way,) = [each for each in update_endpoint.states["EndpointState"]["Choices"] if each["Next"] == "SmokeTest"]
    assert expression(way["Condition"]) == "$endpoint.status = 'InService' and $endpoint.config_name = $config_name"


@pytest.mark.parametrize("wait", ["AwaitShadow", "AwaitDeployment", "AwaitRestored", "AwaitSettled"])
def test_a_tokens_answer_is_only_the_time_to_look(update_endpoint, wait):
    state = update_endpoint.states[wait]
    assert "$states.result" not in json.dumps(state)
    assert state["Next"] in calls(update_endpoint, "describeEndpoint")


def test_a_failed_smoke_test_or_record_restores_the_previous_configuration(update_endpoint):
    for name in ("SmokeTest", "MarkActive", "AwaitDeployment", "AwaitShadow", "CompareShadow"):
        assert {way["Next"] for way in update_endpoint.states[name]["Catch"]} == {"FindRecorded"}
    assert "LookBeforeRestoring" in update_endpoint.leading_to("RestorePrevious")
    for name in ("RestoreConfig", "RecreatePrevious"):
        restored = update_endpoint.states[name]["Arguments"]["EndpointConfigName"]
        assert expression(restored) == "$previous.config_name"


def test_a_model_without_a_baseline_does_not_go_into_service(update_endpoint):
    without = update_endpoint.reachable(without="PinBaseline")
    assert not without & calls(update_endpoint, "createEndpoint", "updateEndpoint", "createModel")


def test_a_challenger_is_compared_before_the_endpoint_is_touched(update_endpoint):
    (skips,) = update_endpoint.states["HasChampion"]["Choices"]
    assert expression(skips["Condition"]) == "$release.kind = 'promotion' and $exists($release.champion)"
    assert skips["Next"] == "PairedTest"
    assert update_endpoint.leading_to("CreateModel") == {"HasChampion", "PairedVerdict"}
    (passed,) = update_endpoint.states["PairedVerdict"]["Choices"]
    assert expression(passed["Condition"]) == "$judgement.verdict = 'passed'"
    assert update_endpoint.states["PairedVerdict"]["Default"] == "RecordFailure"


def test_in_the_shadow_the_champion_answers(update_endpoint):
    arguments = update_endpoint.states["CreateShadowConfig"]["Arguments"]
    (answers,), (copies,) = arguments["ProductionVariants"], arguments["ShadowProductionVariants"]
    assert expression(answers["ModelName"]) == "$release.champion.model_name"
    assert expression(copies["ModelName"]) == "$model_name"
    assert update_endpoint.leading_to("CreateShadowConfig") == {"EndpointReady"}
    shadow = update_endpoint.states["EndpointReady"]["Choices"][0]
    assert shadow["Next"] == "CreateShadowConfig"
    assert "$release.kind = 'promotion' and $exists($release.champion)" in shadow["Condition"]


def test_only_two_verdicts_lead_out_of_the_shadow_to_the_canary(update_endpoint):
    (way,) = update_endpoint.states["ShadowVerdict"]["Choices"]
    assert expression(way["Condition"]) == "$judgement.verdict in ['passed', 'not-judged']"
    assert update_endpoint.states["ShadowVerdict"]["Default"] == "FindRecorded"


def test_alarms_watch_every_update_that_brings_a_new_model(update_endpoint):
    policy = update_endpoint.states["UpdateEndpoint"]["Arguments"]["DeploymentConfig"]
    alarms = re.findall(r"\$\{(\w+)\}", policy["AutoRollbackConfiguration"])
    assert alarms == ["ChallengerErrorsAlarmName", "ChallengerLatencyAlarmName"]
    assert policy["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"]


def test_only_an_endpoint_that_was_not_there_before_is_deleted(update_endpoint):
    assert update_endpoint.leading_to("DeleteFirstEndpoint") == {"RestorePrevious"}
    ways = [(expression(way["Condition"]), way["Next"]) for way in update_endpoint.states["RestorePrevious"]["Choices"]]
    assert ways == [
        (
            "$exists($previous.config_name) and $endpoint.status = 'InService' and "
            "$endpoint.config_name = $previous.config_name",
            "RecordFailure",
        ),
        ("$exists($previous.config_name) and $endpoint.status = 'Failed'", "RemoveFailed"),
        ("$exists($previous.config_name)", "RestoreConfig"),
    ]


def test_an_endpoint_that_serves_is_never_deleted_to_be_made_anew(update_endpoint):
    assert update_endpoint.leading_to("RemoveFailed") == {"EndpointReady", "RestorePrevious"}
    for name in ("EndpointReady", "RestorePrevious"):
        (way,) = [each for each in update_endpoint.states[name]["Choices"] if each["Next"] == "RemoveFailed"]
        assert expression(way["Condition"]).endswith("$endpoint.status = 'Failed'")


def test_an_endpoint_is_created_only_on_sagemakers_word_that_there_is_none(update_endpoint):
    ways = update_endpoint.states["EndpointMissing"]["Choices"]
    assert [way["Next"] for way in ways] == ["RecreatePrevious", "CreateEndpoint"]
    for way in ways:
        assert update_endpoint.leading_to(way["Next"]) == {"EndpointMissing"}
        assert "Could not find endpoint" in way["Condition"]
    assert update_endpoint.states["EndpointMissing"]["Default"] == "RecordFailure"


def test_every_failure_is_recorded_before_it_ends(machine):
    fails = set(machine.of_type("Fail"))
    assert fails <= machine.reachable()
    assert not fails & machine.reachable(without="RecordFailure")


def test_a_run_in_service_is_recorded_before_it_ends(train_and_promote):
    assert train_and_promote.leading_to("InService") == {"RecordInService"}


def test_an_end_that_cannot_be_recorded_still_ends_under_its_name(machine):
    (catch,) = machine.states["RecordFailure"]["Catch"]
    assert catch == {"ErrorEquals": ["States.ALL"], "Next": "EndByName"}


def test_every_named_failure_can_be_reached_by_its_name(machine):
    ends = {each["Next"]: expression(each["Condition"]) for each in machine.states["EndByName"]["Choices"]}
    for name, condition in ends.items():
        assert condition == f"$failure.outcome = '{name}'"
    assert {*ends, machine.states["EndByName"]["Default"]} == set(machine.of_type("Fail"))


def test_every_outcome_that_is_assigned_is_an_end_state(machine):
    outcomes = {
        assigned["failure"]["outcome"]
        for name in machine.states
        for _, assigned in machine.edges(name)
        if "failure" in assigned and not assigned["failure"]["outcome"].startswith("{%")
    }
    assert outcomes == set(machine.of_type("Fail"))


def test_a_fail_state_names_itself(machine):
    for name, state in machine.of_type("Fail").items():
        assert state["Error"] == name


def test_the_end_states_are_those_that_operators_know():
    promoting = [
        StateMachine(name) for name in NAMES if name != "retrain-on-drift"
    ]  # which brings nothing into service
    ends = set().union(*({*machine.of_type("Fail"), *machine.of_type("Succeed")} for machine in promoting))
    assert ends == {
        "InService", "Rejected", "Expired", "GateRefused", "NeedsAmendedPlan", "TrainingFailed", "EvaluationFailed",
        "RollbackRefused", "SignatureInvalid", "EndpointRolledBack", "UpdateRunning", "InternalFailure",
    }  # fmt: skip


def test_an_expired_wait_is_no_decision(train_and_promote):
    first = train_and_promote.states["WaitForApproval"]["Catch"][0]
    assert (first["ErrorEquals"], first["Assign"]["failure"]["outcome"]) == (["States.Timeout"], "Expired")


def test_jobs_see_no_network(train_and_promote, update_endpoint):
    assert train_and_promote.states["Train"]["Arguments"]["EnableNetworkIsolation"] is True
    jobs = [
        train_and_promote.states["Evaluate"],
        *(update_endpoint.states[job] for job in ("ComputeBaseline", "PairedTest")),
    ]
    assert all(job["Arguments"]["NetworkConfig"]["EnableNetworkIsolation"] is True for job in jobs)


def test_the_serving_process_is_told_which_artefact_was_signed(update_endpoint):
    container = update_endpoint.states["CreateModel"]["Arguments"]["PrimaryContainer"]
    assert expression(container["Environment"]["VIGIL_ARTEFACT_DIGEST"]) == "$release.artefact_digest"
    assert expression(container["ModelDataUrl"]) == "$release.artefact_uri"
    assert expression(container["Image"]) == "$release.image"


def test_no_token_is_in_a_notice(machine):
    for name, state in machine.of_type("Task").items():
        if "sns:publish" in state["Resource"]:
            assert "Token" not in json.dumps(state["Arguments"]), name
