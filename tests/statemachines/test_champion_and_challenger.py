"""Champion and challenger, executed: what turns a challenger away, what then serves, what brings a model back."""

import pytest
from promotion_world import CHAMPION, RELEASE, FunctionError
from state_machines import client_error

ENDED = ["RecordFailure", "EndByName"]
BEFORE_SHADOW = [
    "VerifyApproval", "BaselineKnown", "ComputeBaseline", "PinBaseline", "HasChampion", "PairedTest", "JudgePaired",
    "PairedVerdict", "CreateModel", "CreateEndpointConfig", "DescribeEndpoint", "EndpointReady",
]  # fmt: skip
SHADOW = [
    "CreateShadowConfig", "StartShadow", "AwaitShadow", "LookAtShadow", "ShadowState", "ShadowPeriod", "CompareShadow",
    "LookAfterShadow", "RecordAfterShadow", "ShadowStands",
]  # fmt: skip
BACK = [
    "FindRecorded", "LookBeforeRestoring", "RestorePrevious", "RestoreConfig", "AwaitRestored", "LookAtRestored",
    "RestoredState", *ENDED, "EndpointRolledBack",
]  # fmt: skip


def settled(world):
    endpoint = world.sagemaker.endpoints["triage"]
    return endpoint["status"], endpoint["config"]


def judged(paired="passed", shadow="passed", reason="its AUROC is lower"):
    verdicts = {"paired-test": paired, "shadow": shadow}
    return lambda event: {"verdict": verdicts[event["phase"]], "reason": reason}


def shadow_config(world):
    return next(config for config in world.sagemaker.configs if "-shadow-" in config)


def updates(world):
    return [request["EndpointConfigName"] for request in world.services.made("sagemaker.update_endpoint")]


def test_a_challenger_is_compared_then_shadows_then_gets_a_part_then_all(champion):
    described, course = champion.update()
    assert described["status"] == "SUCCEEDED", described
    ways = ["ShadowVerdict", "UpdateEndpoint", "AwaitDeployment", "LookAtDeployment", "EndpointState"]
    assert course == [*BEFORE_SHADOW, *SHADOW, *ways, "SmokeTest", "MarkActive", "WatchEndpoint", "Notify", "InService"]
    new = champion.sagemaker.configs[0]
    assert updates(champion) == [shadow_config(champion), new]
    assert settled(champion) == ("InService", new)
    _, shadow = champion.services.made("sagemaker.create_endpoint_config")
    assert [each["ModelName"] for each in shadow["ProductionVariants"]] == ["champion-model"]
    assert [each["VariantName"] for each in shadow["ShadowProductionVariants"]] == ["challenger"]


def test_the_canary_has_the_plans_share_and_time_and_the_alarms(champion):
    champion.update()
    policy = champion.services.made("sagemaker.update_endpoint")[1]["DeploymentConfig"]
    routing = policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 10,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 20},
    }
    assert len(policy["AutoRollbackConfiguration"]["Alarms"]) == 2


def test_a_challenger_that_is_worse_never_touches_the_endpoint(champion):
    champion.functions["CompareChallenger"] = judged(paired="turned-away")
    described, course = champion.update()
    assert (described["error"], course[-4:]) == ("EndpointRolledBack", ["PairedVerdict", *ENDED, "EndpointRolledBack"])
    assert "turned away by the paired test" in described["cause"]
    assert "its AUROC is lower" in described["cause"]
    assert updates(champion) == []
    assert champion.recorded()[0]["outcome"] == "EndpointRolledBack"


def test_a_challenger_that_is_slow_or_failing_in_the_shadow_is_taken_away_by_itself(champion):
    champion.functions["CompareChallenger"] = judged(shadow="turned-away", reason="9 of 30 requests failed")
    described, course = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "9 of 30 requests failed" in described["cause"]
    assert course == [*BEFORE_SHADOW, *SHADOW, "ShadowVerdict", *BACK]
    assert settled(champion) == ("InService", "before")


def test_too_few_requests_in_the_shadow_leave_it_to_the_canary(champion):
    champion.functions["CompareChallenger"] = judged(shadow="not-judged")
    described, _ = champion.update()
    assert described["status"] == "SUCCEEDED", described


def test_a_canary_that_an_alarm_puts_back_ends_with_the_champion_not_with_the_shadow(champion):
    def ring(endpoint, config):
        if config == champion.sagemaker.configs[0]:
            endpoint |= {"next": ("InService", shadow_config(champion)), "reason": "alarm challenger-errors"}

    champion.sagemaker.after_update = ring
    described, course = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "alarm challenger-errors" in described["cause"]
    assert course[course.index("EndpointState") + 1 :] == BACK
    assert settled(champion) == ("InService", "before")


def test_a_challenger_that_does_not_come_up_in_the_shadow_changes_nothing(champion):
    def fail(endpoint, config):
        endpoint |= {"next": ("InService", "before"), "reason": "no answer to pings"}

    champion.sagemaker.after_update = fail
    described, course = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "did not come up in the shadow" in described["cause"]
    assert course[-5:] == ["LookBeforeRestoring", "RestorePrevious", *ENDED, "EndpointRolledBack"]
    assert updates(champion) == [shadow_config(champion)]


def test_a_canary_that_is_refused_takes_the_shadow_away(champion):
    update = champion.sagemaker.update_endpoint

    def refuse(**request):
        if request["EndpointConfigName"] == champion.sagemaker.configs[0]:
            raise client_error("ResourceLimitExceeded", "no instances left")
        return update(**request)

    champion.services.on("sagemaker.update_endpoint", refuse)
    described, course = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "no instances left" in described["cause"]
    assert course[course.index("UpdateRefused") + 1 :] == BACK
    assert settled(champion) == ("InService", "before")


def test_a_shadow_that_cannot_be_judged_is_taken_away(champion):
    champion.functions["CompareChallenger"] = [judged()({"phase": "paired-test"}), FunctionError("RuntimeError", "x")]
    described, _ = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert settled(champion) == ("InService", "before")


def test_without_a_baseline_nothing_is_put_into_service(champion):
    champion.functions["PinBaseline"] = FunctionError("BaselineNotPinnedError", "the baseline's plan is another")
    described, course = champion.update()
    assert (described["error"], updates(champion)) == ("InternalFailure", [])
    assert "PairedTest" not in course


def test_monitors_that_cannot_be_set_up_undo_no_release(champion):
    champion.functions["WatchEndpoint"] = FunctionError("RuntimeError", "no schedules today")
    described, course = champion.update()
    assert described["status"] == "SUCCEEDED", described
    assert course[-3:] == ["WatchEndpoint", "Notify", "InService"]


def test_a_roll_back_keeps_its_baseline_and_takes_all_traffic_at_once(champion):
    known = {"kind": "rollback", "baseline_digest": "c" * 64}
    champion.functions["VerifyApproval"] = {**RELEASE, "champion": CHAMPION, **known}
    described, course = champion.update()
    assert described["status"] == "SUCCEEDED", described
    skipped = {"ComputeBaseline", "PairedTest", "JudgePaired", *SHADOW}
    assert not skipped & set(course)
    (update,) = champion.services.made("sagemaker.update_endpoint")
    policy = update["DeploymentConfig"]
    assert policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert policy["AutoRollbackConfiguration"] == {}, "the alarms of what it replaces may be ringing"


def test_an_endpoint_that_is_not_as_recorded_is_no_way_around_the_shadow(champion):
    champion.sagemaker.endpoints["triage"]["config"] = "another challenger's shadow"
    described, _ = champion.update()
    assert described["status"] == "SUCCEEDED", described
    _, shadow = champion.services.made("sagemaker.create_endpoint_config")
    assert [each["ModelName"] for each in shadow["ProductionVariants"]] == ["champion-model"]


def test_what_was_found_at_the_start_is_never_put_back_where_something_is_recorded(champion):
    champion.sagemaker.endpoints["triage"]["config"] = "another challenger's shadow"
    champion.functions["CompareChallenger"] = judged(shadow="turned-away")
    champion.update()
    assert settled(champion) == ("InService", "before")


@pytest.mark.parametrize("verdict", ["passed", "turned-away"])
@pytest.mark.parametrize("what", ["endpoint", "record"])
def test_whoever_changes_what_serves_during_a_shadow_has_the_last_word(champion, what, verdict):
    def meanwhile(event):
        if event["phase"] == "shadow" and what == "endpoint":
            champion.sagemaker.endpoints["triage"] = {"status": "InService", "config": "rolled back to"}
        elif event["phase"] == "shadow":
            champion.record = {"config_name": "rolled back to", "execution_arn": "the roll-back"}
        return judged(shadow=verdict)(event)

    champion.functions["CompareChallenger"] = meanwhile
    described, course = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert "by somebody else during the shadow" in described["cause"]
    assert course[-4:] == ["ShadowStands", *ENDED, "EndpointRolledBack"]
    assert updates(champion) == [shadow_config(champion)], "not replaced, nothing put over it"


def test_what_is_put_back_is_what_is_recorded_by_then(champion):
    def conflict(event):
        champion.record = {"config_name": "rolled back to", "execution_arn": "the roll-back"}
        return {}

    champion.functions["SmokeTest"] = conflict
    champion.functions["MarkActive"] = FunctionError("ReleaseConflictError", "another release was recorded meanwhile")
    described, _ = champion.update()
    assert described["error"] == "EndpointRolledBack"
    assert settled(champion) == ("InService", "rolled back to")


def test_without_a_readable_record_nothing_is_put_back_from_memory(champion):
    champion.functions["SmokeTest"] = FunctionError("SmokeTestFailedError", "bad answer")

    def away(**request):
        if len(updates(champion)) == 2:
            raise client_error("InternalServerError", "away")
        return {"Item": {"config_name": {"S": "before"}, "execution_arn": {"S": CHAMPION["execution_arn"]}}}

    champion.services.on("dynamodb.get_item", away)
    described, _ = champion.update()
    assert described["error"] == "InternalFailure"
    for words in ("could not be read from the record", "away", "bad answer"):
        assert words in described["cause"]


def test_a_roll_back_waits_for_the_change_that_a_stopped_update_had_begun(champion):
    champion.functions["VerifyApproval"] = {**RELEASE, "champion": CHAMPION, "kind": "rollback"}
    champion.sagemaker.endpoints["triage"] = {
        "status": "Updating", "config": "shadow", "next": ("InService", "its canary"), "looks": 2,
    }  # fmt: skip
    described, course = champion.update()
    assert described["status"] == "SUCCEEDED", described
    assert course.count("AwaitSettled") == 1
    assert settled(champion) == ("InService", champion.sagemaker.configs[0])


def test_a_token_that_somebody_answers_puts_nothing_into_service(champion):
    """What the endpoint is says SageMaker, whatever the answer says."""
    lies = {"status": "InService", "config_name": "", "reason": "x", "failed": False}

    def answer(event):
        champion.world.succeed(event["task_token"], {**lies, "config_name": event["config_name"]})
        return {}

    def hang(endpoint, config):
        endpoint["looks"] = 10**6 if "-shadow-" in config else 1

    champion.sagemaker.after_update = hang
    champion.functions["AwaitDeployment"] = answer
    described, course = champion.update()
    assert described["status"] == "FAILED"
    assert "did not come up in the shadow: the endpoint is Updating" in described["cause"]
    assert not {"ShadowPeriod", "UpdateEndpoint", "SmokeTest", "MarkActive"} & set(course)
