"""From a window with violations to a retraining, deployed: whatever happens, one record for each window, no second run.

Functions in processes of their own, roles enforced, events over the bus; for Airflow there is a stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from airflow_stand_in import follower
from drift_stack import ENOUGH, KNOWN, NEW, SMALL, DriftStack
from drift_steps import check_once, place_back, retrained

from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.audit_ports import checkpoint_key, stack_ledger
from vigil.aws.environment import aws_client
from vigil.monitoring.models import Because, Decide, Monitor, WindowStatus
from vigil.monitoring.retraining import dag_run_id

pytestmark = pytest.mark.stack


@pytest.fixture
def stack(drifting: DriftStack) -> Iterator[DriftStack]:
    drifting.reset()
    yield drifting
    assert aws_client("sagemaker").list_endpoints()["Endpoints"] == [], "drift has touched an endpoint"


def test_a_violation_leads_to_one_run_with_the_old_and_the_new_quarter(stack: DriftStack) -> None:
    found = retrained(stack)
    decision = stack.decided(found)
    assert (decision.decide, decision.because, decision.rule) == (Decide.RETRAIN, Because.RULE, "reports-changed")
    assert (decision.new_data.quarters, decision.new_data.cases) == ((NEW,), ENOUGH)
    assert decision.dag_run_id == dag_run_id(found.id)
    written = hashlib.sha256(found.model_dump_json().encode()).hexdigest()
    assert decision.window_sha256 == written
    assert stack.records(f"drift:{found.id}")[0].details["window_sha256"] == written
    (asked,) = stack.airflow.posts
    conf = asked["conf"]
    before, new = conf["archives"]
    assert f"/quarters/{KNOWN}/" in before
    assert new.endswith("/landing/faers_ascii_2025q4.zip")
    assert conf["profile"] == "synthetic"
    assert conf["reason"].startswith(f"drift decision {found.id}: data-quality found by rule reports-changed")
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked"]


def test_every_violation_counts_though_the_event_is_cut(stack: DriftStack) -> None:
    found = stack.window(violations=130)
    assert stack.handle(found) == ["Retraining"]
    decision = stack.decided(found)
    assert (decision.report.violation_count, len(decision.report.violations)) == (130, 100)


def test_repeated_violations_are_coalesced_into_the_retraining_that_runs(stack: DriftStack) -> None:
    first = retrained(stack)
    again = [stack.window(monitor=monitor) for monitor in (Monitor.DATA_QUALITY, Monitor.ATTRIBUTION)]
    assert stack.handle(*again) == ["Ignored"] * 2
    for each in again:
        check_once(stack, each, Because.IN_PROGRESS, Decide.IGNORE)
        assert stack.decided(each).coalesced_into == first.id
    assert len(stack.airflow.posts) == 1


def test_four_monitors_at_the_same_moment_lead_to_one_run(stack: DriftStack) -> None:
    windows = [stack.window(monitor=monitor, violations=3) for monitor in Monitor]
    ends = stack.handle(*windows)
    assert ends == ["Ignored", "Ignored", "Investigate", "Retraining"], "one of three that want a retraining has it"
    decisions = [stack.decided(each) for each in windows]
    assert sorted(each.because for each in decisions) == [Because.IN_PROGRESS] * 2 + [Because.RULE] * 2
    assert len(stack.airflow.runs) == 1


def test_a_violation_while_the_model_trains_and_waits_for_signatures_is_coalesced(stack: DriftStack) -> None:
    """Each state that a run may be in: tests/vigil/aws/test_retraining_progress.py."""
    first = retrained(stack)
    stack.airflow.runs[dag_run_id(first.id)]["state"] = "success"
    stack.airflow.followers[dag_run_id(first.id)] = [follower("running")]
    again = stack.window()
    assert stack.handle(again) == ["Ignored"]
    check_once(stack, again, Because.IN_PROGRESS, Decide.IGNORE)


def test_a_violation_within_the_cool_down_starts_nothing(stack: DriftStack) -> None:
    first = retrained(stack)
    stack.airflow.runs[dag_run_id(first.id)]["state"] = "success"
    stack.airflow.followers[dag_run_id(first.id)] = [follower("success")]
    again = stack.window()
    assert stack.handle(again) == ["Ignored"]
    check_once(stack, again, Because.COOL_DOWN, Decide.IGNORE)


def test_a_run_that_failed_gives_the_place_free_once_the_cool_down_is_over(stack: DriftStack) -> None:
    first = retrained(stack)
    stack.airflow.runs[dag_run_id(first.id)]["state"] = "failed"
    place_back(stack, days=8)
    again = stack.window()
    assert stack.handle(again) == ["Retraining"]
    assert stack.decided(again).dag_run_id == dag_run_id(again.id)


def test_data_that_a_refused_candidate_was_trained_on_are_not_tried_again_by_themselves(stack: DriftStack) -> None:
    first = retrained(stack)
    stack.airflow.runs[dag_run_id(first.id)]["state"] = "success"
    stack.airflow.followers[dag_run_id(first.id)] = [follower("failed")]
    place_back(stack, days=8)
    again = stack.window()
    assert stack.handle(again) == ["Investigate"]
    check_once(stack, again, Because.NOTHING_NEW, Decide.INVESTIGATE)
    assert f"was tried for decision {first.id}" in stack.decided(again).explanation


def test_too_little_new_data_is_said_and_nothing_runs(stack: DriftStack) -> None:
    stack.unland()
    stack.land(SMALL, 20)
    found = stack.window()
    assert stack.handle(found) == ["Investigate"]
    check_once(stack, found, Because.TOO_LITTLE_NEW_DATA, Decide.INVESTIGATE)
    said = "there is 2026Q1, with 20 labelled reports that the model does not know, and the plan asks for 500"
    assert said in stack.decided(found).explanation


def test_nothing_new_is_said_and_nothing_runs(stack: DriftStack) -> None:
    stack.unland()
    found = stack.window()
    assert stack.handle(found) == ["Investigate"]
    check_once(stack, found, Because.NOTHING_NEW, Decide.INVESTIGATE)
    assert "a training would learn nothing new" in stack.decided(found).explanation


def test_what_the_plan_wants_looked_at_is_not_trained_on(stack: DriftStack) -> None:
    found = [stack.window(violations=1), stack.window(monitor=Monitor.BIAS, violations=4)]
    assert stack.handle(*found) == ["Investigate"] * 2
    for each in found:
        check_once(stack, each, Because.RULE, Decide.INVESTIGATE)


def test_an_event_that_comes_twice_finds_its_record(stack: DriftStack) -> None:
    found = retrained(stack)
    assert stack.handle(found) == ["AlreadyDecided"]
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked"]
    assert stack.asked(found) == 1


def test_the_same_event_three_times_at_the_same_moment_is_one_record_and_one_run(stack: DriftStack) -> None:
    found = stack.window()
    assert stack.handle(*[found] * 3) == ["AlreadyDecided"] * 2 + ["Retraining"]
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked"]
    assert stack.asked(found) == 1


def test_an_event_about_a_model_that_no_longer_serves_is_recorded_and_ignored(stack: DriftStack) -> None:
    found = stack.window(artefact_digest="e" * 64)
    assert stack.handle(found) == ["Ignored"]
    check_once(stack, found, Because.OTHER_MODEL, Decide.IGNORE)


def test_an_analyzer_killed_half_way_leaves_no_record_and_its_next_run_leaves_one(stack: DriftStack) -> None:
    """It writes the report last and announces after that: killed before, it has announced nothing."""
    found = stack.window(written=False)
    place = {"Bucket": stack.parameters.buckets.capture, "Key": found.report_uri.split("/", 3)[3] + "statistics.json"}
    aws_client("s3").put_object(**place, Body=b"{}")
    stack.announce(found.model_copy(update={"status": WindowStatus.OK}))  # the rule takes no such event
    assert stack.decision(found) is None
    stack.write(found)
    assert stack.handle(found) == ["Retraining"]
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked"]


def test_an_event_without_its_report_decides_nothing_and_is_recorded_as_not_handled(stack: DriftStack) -> None:
    found = stack.window(written=False)
    assert stack.handle(found) == ["InternalFailure"]
    assert stack.decision(found) is None
    failed = stack.records(stack.endpoint)[-1]
    assert failed.event == "drift.not-handled"
    assert "window.json cannot be read" in failed.details["reason"]
    stack.write(found)
    assert stack.handle(found) == ["Retraining"]


def test_an_event_that_contradicts_its_report_decides_nothing(stack: DriftStack) -> None:
    """What else it may not say differently: tests/vigil/aws/test_window_documents.py."""
    found = stack.window()
    forged = [{"artefact_digest": "f" * 64}, {"report_uri": "s3://elsewhere/reports/x/"}, {"baseline_digest": "f" * 64}]
    assert stack.handle(*[found.model_copy(update=each) for each in forged]) == ["InternalFailure"] * 3
    assert stack.decision(found) is None
    assert stack.airflow.posts == []


def test_airflow_away_is_a_named_failure_and_the_same_event_later_asks_once(stack: DriftStack) -> None:
    stack.airflow.away = True
    found = stack.window()
    assert stack.handle(found) == ["AirflowUnavailable"]
    assert stack.decided(found).dag_run_id is None
    assert stack.recorded(found.id) == ["drift.decided", "drift.not-handled"]
    while_away = stack.window()
    assert stack.handle(while_away) == ["Ignored"], "who cannot be asked counts as busy"
    check_once(stack, while_away, Because.IN_PROGRESS, Decide.IGNORE)
    stack.airflow.away = False
    assert stack.handle(found) == ["Retraining"]
    assert stack.recorded(found.id) == ["drift.decided", "drift.not-handled", "retraining.asked"]
    assert len(stack.airflow.runs) == 1
    assert stack.handle(found) == ["AlreadyDecided"]


def test_a_run_of_that_name_is_no_error_and_no_second_run(stack: DriftStack) -> None:
    """The request reached Airflow, its answer was lost, and the function died: the next try meets its own run."""
    found = stack.window()
    stack.airflow.runs[dag_run_id(found.id)] = {"dag_run_id": dag_run_id(found.id), "state": "running"}
    assert stack.handle(found) == ["Retraining"]
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked"]
    assert len(stack.airflow.runs) == 1


def test_a_run_that_stays_queued_is_a_named_failure(stack: DriftStack) -> None:
    stack.airflow.starts_as = "queued"
    machine = stack.parameters.state_machines.retrain_on_drift
    states = aws_client("stepfunctions")
    text = states.describe_state_machine(stateMachineArn=machine)["definition"]
    try:
        states.update_state_machine(stateMachineArn=machine, definition=text.replace("$checks >= 120", "$checks >= 2"))
        found = stack.window()
        assert stack.handle(found) == ["RetrainingNotStarted"]
    finally:
        states.update_state_machine(stateMachineArn=machine, definition=text)
    assert stack.recorded(found.id) == ["drift.decided", "retraining.asked", "drift.not-handled"]


def test_a_window_without_violations_starts_nothing(stack: DriftStack) -> None:
    quiet = stack.window(status="ok", violations=0)
    other = stack.window().model_copy(update={"endpoint": "another"})
    loud = stack.window(violations=1)
    stack.announce(quiet, other)
    assert stack.handle(loud) == ["Investigate"]
    assert stack.decision(quiet) is None


def test_the_ledger_holds_after_all_this(stack: DriftStack) -> None:
    keys = PublicKeys(checkpoint_key(stack.parameters))
    assert verify_ledger(stack_ledger(stack.parameters), keys).findings == []
