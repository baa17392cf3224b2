"""Waiting for the endpoint by a token: events that are lost, come twice or at once, and waits that were stopped."""

import threading

from state_machines import eventually


def test_a_lost_event_is_made_up_for_by_the_sweep(champion):
    champion.deployments.lost = True
    arn = champion.start("update-endpoint", {"approval_request_id": "apr-1", "requested_execution": "r"}, "apr-1")
    for _ in range(2):  # the shadow's deployment, then the canary's
        (wait,) = eventually(lambda: list(champion.deployments.waits.kept.values()))
        assert champion.world.describe(arn)["status"] == "RUNNING"
        eventually(lambda wait=wait: champion.deployments.look().get(wait.wait_id) == "answered")
    assert champion.world.ended(arn)["status"] == "SUCCEEDED"


def test_an_event_that_comes_twice_answers_once(champion):
    described, course = champion.update()
    assert described["status"] == "SUCCEEDED"
    assert champion.deployments.look() == {}
    outcomes = [how for done in champion.deployments.answers for how in done.values()]
    assert outcomes.count("answered") <= course.count("AwaitShadow") + course.count("AwaitDeployment")


def test_two_looks_at_once_answer_once_and_nobody_fails(champion):
    champion.deployments.lost = True
    arn = champion.start("update-endpoint", {"approval_request_id": "apr-1", "requested_execution": "r"}, "apr-1")
    eventually(lambda: champion.deployments.waits.kept)
    threads = [threading.Thread(target=champion.deployments.look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    champion.deployments.lost = False
    assert champion.world.ended(arn)["status"] == "SUCCEEDED"


def test_the_token_of_a_wait_that_was_stopped_is_forgotten(champion):
    champion.deployments.lost = True
    arn = champion.start("update-endpoint", {"approval_request_id": "apr-1", "requested_execution": "r"}, "apr-1")
    (wait,) = eventually(lambda: list(champion.deployments.waits.kept.values()))
    champion.world.stop(arn, cause="operator pressed stop")
    assert champion.world.ended(arn)["status"] == "ABORTED"
    eventually(lambda: champion.deployments.look().get(wait.wait_id) == "nobody waits")
    assert champion.deployments.waits.kept == {}
