"""Every end of update-endpoint, executed: what is put into service, what is put back, what is never touched."""

import json

import pytest
from promotion_world import FACTS, RELEASE, FunctionError
from state_machines import client_error

BASELINE = ["BaselineKnown", "ComputeBaseline", "PinBaseline", "HasChampion"]
TO_THE_LOOK = ["VerifyApproval", *BASELINE, "CreateModel", "CreateEndpointConfig", "DescribeEndpoint"]
RESTORED = ["FindRecorded", "LookBeforeRestoring", "RestorePrevious", "RestoreConfig"]
ENDED = ["RecordFailure", "EndByName"]


@pytest.fixture
def serving(promotion):
    """An endpoint that serves a model already."""
    promotion.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    return promotion


def settled(promotion):
    endpoint = promotion.sagemaker.endpoints["triage"]
    return endpoint["status"], endpoint["config"]


def test_the_first_model_gets_a_new_endpoint(promotion):
    described, course = promotion.update()
    assert described["status"] == "SUCCEEDED", described
    first = [*TO_THE_LOOK, "EndpointMissing", "CreateEndpoint", "AwaitDeployment", "LookAtDeployment"]
    assert course == [*first, "EndpointState", "SmokeTest", "MarkActive", "WatchEndpoint", "Notify", "InService"]
    (config,) = promotion.sagemaker.configs
    assert settled(promotion) == ("InService", config)
    assert json.loads(described["output"])["config_name"] == config


def test_a_next_model_replaces_the_configuration_of_the_endpoint(serving):
    described, course = serving.update()
    assert described["status"] == "SUCCEEDED", described
    assert "UpdateEndpoint" in course
    assert not serving.services.made("sagemaker.create_endpoint")
    assert settled(serving) == ("InService", serving.sagemaker.configs[0])


def test_what_serves_is_what_was_signed(serving):
    serving.update()
    (model,) = serving.services.made("sagemaker.create_model")
    container = model["PrimaryContainer"]
    assert (container["Image"], container["ModelDataUrl"]) == (RELEASE["image"], RELEASE["artefact_uri"])
    assert container["Environment"]["VIGIL_ARTEFACT_DIGEST"] == RELEASE["artefact_digest"]
    (config,) = serving.services.made("sagemaker.create_endpoint_config")
    assert config["DataCaptureConfig"]["EnableCapture"] is True
    assert model["ModelName"].startswith(f"vigil-{'a' * 12}-")


def test_people_are_told_facts(serving):
    serving.update()
    (notice,) = serving.notices
    assert notice["event"] == "model-in-service"
    assert notice["model_package_arn"] == FACTS["model_package_arn"]
    assert notice["approval_request_id"] == "apr-1"


def test_a_notice_that_cannot_be_sent_does_not_undo_the_release(serving):
    serving.notices_refused = True
    described, _ = serving.update()
    assert described["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("error", "name"), [("SignatureInvalidError", "SignatureInvalid"), ("RuntimeError", "InternalFailure")]
)
def test_without_a_verified_signature_nothing_is_called(serving, error, name):
    serving.functions["VerifyApproval"] = FunctionError(error, "does not verify")
    described, course = serving.update()
    assert (described["status"], described["error"]) == ("FAILED", name)
    assert course == ["VerifyApproval", *ENDED, name]
    assert [call for call, _ in serving.services.calls if call.startswith("sagemaker.")] == []
    (recorded,) = serving.recorded()
    assert (recorded["outcome"], recorded["candidate"]) == (name, {})


@pytest.mark.parametrize("value", [{}, {"approval_request_id": "apr-1"}, {"requested_execution": "x"}])
def test_a_start_with_half_an_input_is_verified_as_any_other(serving, value):
    """Started directly, by whoever may: the function gets empty texts, and refuses."""
    serving.functions["VerifyApproval"] = FunctionError("SignatureInvalidError", "there is no approval request ''")
    execution = serving.start("update-endpoint", value)
    assert serving.world.ended(execution)["error"] == "SignatureInvalid"
    (event,) = [event for name, event in serving.events if name == "VerifyApproval"]
    assert {"", *value.values()} >= {event["approval_request_id"], event["requested_execution"]}


@pytest.mark.parametrize("function", ["SmokeTest", "MarkActive"])
def test_a_model_that_fails_its_test_is_taken_back(serving, function):
    serving.functions[function] = FunctionError("SmokeTestFailedError", "serves the model bbb")
    described, course = serving.update()
    assert (described["status"], described["error"]) == ("FAILED", "EndpointRolledBack"), described
    assert "serves the model bbb" in described["cause"]
    assert course[course.index("FindRecorded") :][:4] == RESTORED
    assert course[-3:] == [*ENDED, "EndpointRolledBack"]
    assert settled(serving) == ("InService", "before")
    assert serving.recorded()[0]["candidate"]["model_package_arn"] == FACTS["model_package_arn"]


def test_a_first_endpoint_that_fails_its_test_is_deleted(promotion):
    promotion.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "no answer")
    described, course = promotion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "DeleteFirstEndpoint" in course
    assert promotion.sagemaker.endpoints == {}


def test_an_endpoint_that_does_not_come_up_is_restored(serving):
    def fail_once(endpoint, config):
        if config != "before":
            endpoint |= {"next": ("UpdateRollbackFailed", "before"), "reason": "the container did not answer pings"}

    serving.sagemaker.after_update = fail_once
    described, course = serving.update()
    assert described["error"] == "EndpointRolledBack"
    assert "did not answer pings" in described["cause"]
    assert "RestoreConfig" in course
    assert settled(serving) == ("InService", "before")


def test_a_rollback_by_the_service_itself_is_noticed_and_not_done_again(serving):
    def roll_back(endpoint, config):
        endpoint |= {"next": ("InService", "before"), "reason": "the new variant did not pass its checks"}

    serving.sagemaker.after_update = roll_back
    described, course = serving.update()
    assert described["error"] == "EndpointRolledBack"
    assert "did not pass its checks" in described["cause"]
    assert "RestoreConfig" not in course
    assert settled(serving) == ("InService", "before")


def test_an_update_that_never_ends_is_given_up_and_restored(serving):
    def hang(endpoint, config):
        if config != "before":
            endpoint["looks"] = 10**6

    serving.sagemaker.after_update = hang
    described, _ = serving.update()
    assert described["error"] == "EndpointRolledBack"
    assert "had not ended after 1200 seconds" in described["cause"]
    assert settled(serving) == ("InService", "before")


def test_an_endpoint_in_the_middle_of_a_change_is_left_alone(serving):
    serving.sagemaker.endpoints["triage"] |= {"status": "Updating"}
    described, course = serving.update()
    assert described["error"] == "InternalFailure"
    assert "is Updating, not InService" in described["cause"]
    assert course == [*TO_THE_LOOK, "EndpointReady", *ENDED, "InternalFailure"]
    assert not serving.services.made("sagemaker.update_endpoint")


def test_a_refused_update_restores_nothing(serving):
    refusal = client_error("ValidationException", "Cannot update in-progress endpoint")
    serving.sagemaker.refuse("update_endpoint", *[refusal] * 3)
    described, course = serving.update()
    assert described["error"] == "InternalFailure"
    assert course == [*TO_THE_LOOK, "EndpointReady", "UpdateEndpoint", "UpdateRefused", *ENDED, "InternalFailure"]
    assert settled(serving) == ("InService", "before")


def test_a_failure_to_look_is_not_taken_for_an_absent_endpoint(serving):
    serving.sagemaker.refuse("describe_endpoint", client_error("AccessDeniedException", "not authorized"))
    described, course = serving.update()
    assert described["error"] == "InternalFailure"
    assert "CreateEndpoint" not in course


def test_a_configuration_that_cannot_be_restored_is_said_loudly(serving):
    serving.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "bad answer")
    refusal = client_error("ValidationException", "no capacity")
    update = serving.sagemaker.update_endpoint
    asked = []

    def only_forward(**request):
        asked.append(request["EndpointConfigName"])
        if request["EndpointConfigName"] == "before":
            raise refusal
        return update(**request)

    serving.services.on("sagemaker.update_endpoint", only_forward)
    described, _ = serving.update()
    assert described["error"] == "InternalFailure"
    for words in ("could not be restored", "no capacity", "bad answer"):
        assert words in described["cause"]
    assert asked.count("before") == 3


def test_restoring_is_patient_while_an_update_is_in_progress(serving):
    serving.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "bad answer")
    update = serving.sagemaker.update_endpoint
    busy = [client_error("ValidationException", "Cannot update in-progress endpoint")]

    def busy_at_first(**request):
        if request["EndpointConfigName"] == "before" and busy:
            raise busy.pop()
        return update(**request)

    serving.services.on("sagemaker.update_endpoint", busy_at_first)
    described, _ = serving.update()
    assert described["error"] == "EndpointRolledBack"
    assert settled(serving) == ("InService", "before")


def test_an_update_that_ends_failed_is_deleted_and_the_previous_configuration_made_anew(serving):
    def fail(endpoint, config):
        if config != "before":
            endpoint |= {"next": ("Failed", config), "reason": "no capacity"}

    serving.sagemaker.after_update, serving.sagemaker.looks_at_deletion = fail, 2
    described, course = serving.update()
    assert (described["error"], described["cause"].count("no capacity")) == ("EndpointRolledBack", 1), described
    removed = ["RemoveFailed", *["AwaitRemoved", "CheckRemoved", "RemovedState"] * 2, "AwaitRemoved", "CheckRemoved"]
    assert course[course.index("RemoveFailed") :][: len(removed) + 2] == [
        *removed,
        "EndpointMissing",
        "RecreatePrevious",
    ]
    assert "RestoreConfig" not in course
    assert settled(serving) == ("InService", "before")


def test_an_endpoint_that_an_earlier_run_left_failed_is_replaced(serving):
    serving.sagemaker.endpoints["triage"] = {"status": "Failed", "config": "of the earlier run"}
    described, course = serving.update()
    assert described["status"] == "SUCCEEDED", described
    assert course[course.index("EndpointReady") :][:2] == ["EndpointReady", "RemoveFailed"]
    assert settled(serving) == ("InService", serving.sagemaker.configs[0])


def test_a_failed_configuration_is_never_gone_back_to(serving):
    serving.sagemaker.endpoints["triage"] = {"status": "Failed", "config": "of the earlier run"}
    serving.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "bad answer")
    described, course = serving.update()
    assert described["error"] == "EndpointRolledBack"
    assert "DeleteFirstEndpoint" in course
    assert serving.sagemaker.endpoints == {}


def test_a_failed_endpoint_that_cannot_be_deleted_is_said_with_the_first_reason(serving):
    def fail(endpoint, config):
        endpoint |= {"next": ("Failed", config), "reason": "no capacity"}

    serving.sagemaker.after_update = fail
    serving.sagemaker.refuse("delete_endpoint", *[client_error("AccessDeniedException", "not authorized")] * 3)
    described, _ = serving.update()
    assert described["error"] == "InternalFailure"
    for words in ("no capacity", "not authorized", "could not be deleted"):
        assert words in described["cause"]
