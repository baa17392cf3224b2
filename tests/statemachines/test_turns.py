"""A promotion that is approved while another update of the endpoint runs: it waits its turn."""

from promotion_world import RELEASE, FunctionError

DAY = 86_400
RUNNING = FunctionError("UpdateRunningError", "another update of the endpoint runs (earlier)")


def test_it_goes_into_service_when_the_other_has_ended(promotion):
    promotion.functions["VerifyApproval"] = [RUNNING, RELEASE]
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert described["status"] == "SUCCEEDED", described
    assert [name for name, _ in promotion.events].count("VerifyApproval") == 2
    assert [each["outcome"] for each in promotion.recorded()] == ["InService"]


def test_where_the_other_does_not_end_both_machines_give_up_under_a_name_of_its_own(promotion):
    promotion.functions["VerifyApproval"] = RUNNING
    execution = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    described = promotion.world.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", "UpdateRunning"), described
    assert "another update of the endpoint runs (earlier)" in described["cause"]
    update, run = promotion.recorded()
    assert (update["outcome"], update["candidate"], run["outcome"]) == ("UpdateRunning", {}, "UpdateRunning")
    assert promotion.course(update["execution_arn"]) == [
        "VerifyApproval",
        "RecordFailure",
        "EndByName",
        "UpdateRunning",
    ]
    assert promotion.sagemaker.endpoints == {}


def test_it_waits_as_long_as_an_update_may_last_and_the_run_waits_for_both(train_and_promote, update_endpoint):
    (turn,) = [
        each
        for each in update_endpoint.states["VerifyApproval"]["Retry"]
        if each["ErrorEquals"] == ["UpdateRunningError"]
    ]
    assert turn["IntervalSeconds"] * turn["MaxAttempts"] == 8 * DAY
    assert train_and_promote.states["UpdateEndpoint"]["TimeoutSeconds"] == 2 * 8 * DAY
