"""An update-endpoint execution that is stopped in its midst, on the engine; then the minute's sweep over its traces."""

from datetime import UTC, datetime, timedelta

import pytest
from endpoint_upkeep import PACKAGE, RUN, Upkeep, settled
from promotion_world import CHAMPION, RELEASE, FunctionError

from vigil.audit.models import model_chain
from vigil.aws.endpoint_restoration import RestorationError
from vigil.aws.ledger_ports import LedgerUnavailableError
from vigil.aws.pinning import run_key

LATER = timedelta(minutes=5)


@pytest.fixture
def upkeep(promotion):
    return Upkeep(promotion)


@pytest.fixture
def serving(upkeep):
    """The endpoint serves what is recorded as ACTIVE."""
    upkeep.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    upkeep.recorded = {"config_name": "before", "active_package": "old", "execution_arn": CHAMPION["execution_arn"]}
    upkeep.promotion.record = upkeep.recorded
    return upkeep


def test_a_stopped_update_is_put_back_and_its_package_rejected(serving):
    arn = serving.stop_before_marking()
    assert settled(serving) == ("InService", serving.sagemaker.configs[0]), "stopped too early to matter"
    assert serving.sweep() == {arn: "update"}
    assert settled(serving) == ("InService", "before")
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.records.rows[arn]["outcome"] == "EndpointRolledBack"
    assert serving.records.rows[arn]["reason"] == "operator pressed stop"
    assert serving.packages.statuses == {"old": "Approved", PACKAGE: "Rejected"}
    assert [subject for subject, _ in serving.notices] == [
        "Vigil: the endpoint is put back",
        "Vigil: EndpointRolledBack",
    ]
    assert serving.sweep(LATER) == {}


def test_an_update_that_is_stopped_in_the_shadow_leaves_the_champion_alone(serving):
    serving.promotion.functions["VerifyApproval"] = {**RELEASE, "champion": CHAMPION}
    arn = serving.stop_before_marking(at="CompareChallenger")
    assert "-shadow-" in settled(serving)[1], "stopped too early to matter"
    assert serving.sweep() == {arn: "update"}
    assert settled(serving) == ("InService", "before")
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.records.rows[arn]["outcome"] == "EndpointRolledBack"


def test_a_canary_that_is_stopped_is_waited_for_and_then_put_back(serving):
    """SageMaker takes no other change while one is in progress, and goes on with it."""
    serving.promotion.functions["VerifyApproval"] = {**RELEASE, "champion": CHAMPION}
    arn = serving.stop_before_marking()
    (new, _) = serving.sagemaker.configs
    serving.sagemaker.endpoints["triage"] = {"status": "Updating", "config": "before", "next": ("InService", new)}
    serving.sagemaker.endpoints["triage"]["looks"] = 1
    assert [serving.sweep(), serving.sweep()] == [{arn: "wait"}, {arn: "update"}]
    assert settled(serving) == ("InService", "before")


def test_what_was_put_back_is_in_the_chain_of_the_model_that_was_to_serve(serving):
    arn = serving.stop_before_marking()
    serving.sweep()
    assert serving.ledger.events == [], "not before the endpoint is as recorded"
    settled(serving)
    serving.sweep(LATER)
    restored, ended = serving.ledger.entries.values()
    assert {restored.chain, ended.chain} == {model_chain(run_key(RUN))}
    assert (restored.event, restored.new["config_name"]) == ("endpoint.restored", "before")
    assert restored.old == {"config_name": serving.sagemaker.configs[0]}
    assert restored.details["execution_arn"] == arn
    assert (ended.event, ended.new["reason"]) == ("run.ended", "operator pressed stop")


def test_an_update_that_is_redriven_and_stopped_again_is_looked_after_again(serving):
    arn = serving.stop_before_marking()
    serving.sweep()
    settled(serving)
    assert serving.sweep(LATER) == {arn: "settled"}
    serving.promotion.world.redrive(arn)
    assert serving.promotion.world.ended(arn)["status"] == "ABORTED"
    assert serving.sweep(LATER) == {arn: "settled"}
    assert [subject for subject, _ in serving.notices].count("Vigil: EndpointRolledBack") == 2
    assert serving.sweep(LATER) == {}


def test_an_update_is_not_settled_while_the_ledger_cannot_be_written(serving):
    arn = serving.stop_before_marking()
    serving.sweep()
    settled(serving)
    serving.ledger.broken = True
    with pytest.raises(LedgerUnavailableError):
        serving.sweep(LATER)
    assert "endpoint_settled_at" not in serving.records.rows[arn]
    serving.ledger.broken = False
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.ledger.events == ["endpoint.restored", "run.ended"]


def test_a_failed_update_whose_end_could_not_be_recorded_is_recorded_by_the_sweep(serving):
    """Its own machine has tried; the package that its input names is left alone: nobody has checked it."""
    serving.promotion.functions["VerifyApproval"] = FunctionError("SignatureInvalidError", "no signature")
    serving.promotion.functions["RecordOutcome"] = FunctionError("LedgerUnavailableError", "not now")
    arn = serving.start()
    assert serving.promotion.world.ended(arn)["error"] == "SignatureInvalid"
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.records.rows[arn]["outcome"] == "SignatureInvalid"
    assert serving.packages.statuses[PACKAGE] == "PendingManualApproval"
    assert serving.ledger.events == ["run.ended"]


def test_a_first_endpoint_that_was_never_marked_active_is_deleted(upkeep):
    arn = upkeep.stop_before_marking()
    assert settled(upkeep)[0] == "InService"
    assert upkeep.sweep() == {arn: "delete"}
    assert upkeep.sagemaker.endpoints == {}
    assert upkeep.sweep(LATER) == {arn: "settled"}


def test_while_an_update_runs_nothing_is_put_back(serving):
    serving.stop_before_marking()
    serving.go = False
    running = serving.promotion.start("update-endpoint", {}, "apr-2")
    assert serving.sweep() == {}
    assert settled(serving) == ("InService", serving.sagemaker.configs[0])
    serving.promotion.world.stop(running)


def test_an_update_that_only_waits_its_turn_keeps_nothing_from_being_put_back(serving):
    arn = serving.stop_before_marking()
    serving.go = False
    waiting = serving.promotion.start("update-endpoint", {}, "apr-2")
    serving.waits_its_turn = {waiting}
    assert serving.sweep() == {arn: "update"}
    serving.promotion.world.stop(waiting)


def test_an_execution_that_ended_just_now_is_looked_at_again(serving):
    """A call that it made may take effect after it was stopped."""
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    assert serving.sweep() == {arn: "as recorded, looked at again"}
    serving.sagemaker.endpoints["triage"]["config"] = "late"
    assert serving.sweep() == {arn: "update"}


@pytest.mark.parametrize("status", ["Updating", "Creating", "Deleting", "RollingBack", "SystemUpdating"])
def test_an_endpoint_in_the_middle_of_a_change_is_waited_for(serving, status):
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": status, "config": "new"}
    assert serving.sweep() == {arn: "wait"}
    assert serving.notices == []


def test_a_failed_endpoint_is_deleted_and_made_anew(serving):
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": "Failed", "config": "new"}
    assert serving.sweep() == {arn: "delete"}
    assert serving.sweep() == {arn: "create"}
    assert settled(serving) == ("InService", "before")
    serving.sweep(LATER)
    (restored, _) = serving.ledger.entries.values()
    assert restored.old == {"config_name": "new"}, "what was found before the first step, not after it"


def test_an_update_stopped_after_it_was_marked_stays(serving):
    arn = serving.stop_before_marking()
    (config,) = serving.sagemaker.configs
    serving.recorded = {"config_name": config, "active_package": PACKAGE, "execution_arn": arn}
    settled(serving)
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.packages.statuses[PACKAGE] != "Rejected"
    assert "outcome" not in serving.records.rows[arn]


def test_a_rejected_package_is_not_put_back_although_it_is_recorded(serving):
    serving.stop_before_marking()
    serving.packages.statuses["old"] = "Rejected"
    settled(serving)
    with pytest.raises(RestorationError, match="decide by hand"):
        serving.sweep()


def test_without_an_ended_update_the_endpoint_is_left_alone_and_people_are_told_once(serving):
    """Someone with the right to it has deleted it to save its cost."""
    serving.sagemaker.endpoints.clear()
    assert serving.sweep() == serving.sweep() == {}
    assert serving.sagemaker.endpoints == {}
    ((subject, facts),) = serving.notices
    assert subject == "Vigil: the endpoint is not as recorded"
    assert (facts["config_name"], facts["recorded_config"]) == ("none", "before")
    (change,) = serving.ledger.entries.values()
    assert (change.event, change.new) == ("endpoint.changed", {"config_name": "none", "status": "none"})


def test_a_change_that_somebody_made_outside_is_recorded_in_the_chain_of_the_model_that_was_to_serve(serving):
    serving.recorded |= {"run_key": "0123456789ab", "artefact_digest": "a" * 64}
    serving.sagemaker.endpoints["triage"]["config"] = "somebody's"
    assert serving.sweep() == serving.sweep() == {}
    (change,) = serving.ledger.entries.values()
    assert (change.event, change.chain, change.subject) == ("endpoint.changed", "model:0123456789ab", "triage")
    assert (change.actor.name, change.actor.verified) == ("unknown", False)
    assert change.old == {"active_package": "old", "artefact_digest": "a" * 64, "config_name": "before"}
    assert change.new == {"config_name": "somebody's", "status": "InService"}
    assert len(serving.notices) == 1


def test_the_same_change_made_again_later_is_recorded_again(serving):
    for hour in (1, 2):
        found = {"status": "InService", "config": "somebody's", "modified": datetime(2030, 3, 2, hour, tzinfo=UTC)}
        serving.sagemaker.endpoints["triage"] = found
        serving.sweep()
        serving.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
        serving.sweep()
    assert serving.ledger.events == ["endpoint.changed"] * 2
    assert len(serving.notices) == 2


def test_an_endpoint_that_nobody_recorded_is_recorded_in_the_stacks_chain(upkeep):
    upkeep.sagemaker.endpoints["triage"] = {"status": "InService", "config": "somebody's"}
    assert upkeep.sweep() == {}
    (change,) = upkeep.ledger.entries.values()
    assert (change.chain, change.old, change.new["config_name"]) == ("stack", None, "somebody's")


def test_while_the_ledger_cannot_be_written_a_change_from_outside_is_not_taken_as_told(serving):
    serving.sagemaker.endpoints["triage"]["config"] = "somebody's"
    serving.ledger.broken = True
    with pytest.raises(LedgerUnavailableError):
        serving.sweep()
    assert serving.notices == []
    serving.ledger.broken = False
    serving.sweep()
    assert (serving.ledger.events, len(serving.notices)) == (["endpoint.changed"], 1)


def test_an_endpoint_that_is_as_recorded_or_never_was_there_is_no_news(serving):
    serving.sweep()
    serving.recorded = {}
    serving.sagemaker.endpoints.clear()
    serving.sweep()
    assert serving.notices == serving.ledger.events == []
