"""The functions of both state machines, in the order in which an execution calls them, over one stack."""

import io
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from approval_fakes import EXECUTION, NOW, TOKEN
from candidate_evidence import passing_evaluation, real_plan
from ledger_reading import events
from moto_stack import MODEL_FILES, archive_of, example, tree_digest_of

from tasks.lambdas import (
    gate_candidate,
    mark_active,
    open_approval,
    pin_run,
    record_outcome,
    register_candidate,
    smoke_test,
    verify_approval,
)
from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.models import Status
from vigil.aws.approval_ports import approvals_table, ledger_table
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.update_turns import UpdateRunningError

UPDATE = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:apr-1"


def through_json(value):
    """A function's answer as Step Functions hands it on."""
    return json.loads(json.dumps(value))


@pytest.fixture
def candidate(stack):
    """PinRun, the jobs' outputs, Gate and Register."""
    stack.add_people()
    request = {"dataset_version": stack.recorded_dataset(), "requested_by": "airflow:dana", "reason": "new quarter"}
    event = {
        "request": request,
        "execution_arn": EXECUTION,
        "execution_name": "run-1",
        "started_at": "2026-03-02T09:30:00.123Z",
    }
    run = through_json(pin_run.handler(event, None))
    evaluation = passing_evaluation(
        real_plan(), artefact_digest=tree_digest_of(MODEL_FILES), dataset_version=run["dataset_version"]
    )
    evaluation_uri = stack.put(f"{run['outputs_uri']}/evaluation/0-0/evaluation.json", evaluation.to_json())
    model_uri = stack.put(f"{run['outputs_uri']}/training/job/output/model.tar.gz", archive_of(MODEL_FILES))
    gate = through_json(gate_candidate.handler({"run": run, "evaluation_uri": evaluation_uri}, None))
    assert gate["verdict"]["passed"], gate["summary"]
    facts = {name: gate[name] for name in ("evaluation_uri", "evaluation_digest", "verdict")}
    return run, through_json(register_candidate.handler({"run": run, "model_uri": model_uri, **facts}, None))


@pytest.fixture
def approved(stack, candidate):
    """The wait, and both signatures."""
    run, facts = candidate
    body = {
        "run_key": run["key"],
        "task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval", "attempt": 0,
        "entered_at": "2030-03-02T09:30:00Z", "timeout_seconds": run["approval_timeout_seconds"], "facts": facts,
    }  # fmt: skip
    event = example("sqs")
    event["Records"] = [event["Records"][0] | {"body": json.dumps(body)}]
    assert open_approval.handler(event, None) == {"batchItemFailures": []}
    (request,) = approvals_table(stack.parameters).with_status(Status.PENDING)
    return stack.approve(request.request_id)


def verify(approved, by=UPDATE):
    event = {"approval_request_id": approved.request_id, "requested_execution": EXECUTION, "execution_arn": by}
    return through_json(verify_approval.handler(event, None))


def test_a_candidate_goes_all_the_way(stack, candidate, approved, monkeypatch):
    run, facts = candidate
    release = verify(approved)
    assert release["artefact_digest"] == facts["artefact_digest"] == tree_digest_of(MODEL_FILES)

    answer = {
        "model_digest": release["artefact_digest"],
        "results": [{"case_id": f"smoke-{number}", "probability": 0.5} for number in (1, 2, 3)],
    }
    runtime = type(
        "Runtime", (), {"invoke_endpoint": lambda self, **_: {"Body": io.BytesIO(json.dumps(answer).encode())}}
    )
    monkeypatch.setattr("tasks.lambdas.smoke_test.aws_client", lambda service: runtime())
    names = {"endpoint_name": release["endpoint_name"], "artefact_digest": release["artefact_digest"]}
    assert smoke_test.handler(names, None) == {"scored": 3}

    baseline = {"uri": release["baseline_uri"], "digest": "b" * 64, "plan_digest": release["plan_digest"]}
    baseline["dataset_version"] = release["dataset_version"]
    marked = {"release": release, "baseline": baseline, "execution_arn": UPDATE}
    marked |= {"model_name": "m", "config_name": "c"}
    assert mark_active.handler(marked, None) == {"active": facts["model_package_arn"]}
    ended = {"execution_arn": EXECUTION, "outcome": "InService", "cause": "", "run": run, "candidate": facts}
    assert record_outcome.handler(ended, None) == {"outcome": "InService", "reason": ""}

    serving = ServingRecords(stack.client("dynamodb"), stack.parameters.tables.models).serving("triage")
    assert serving["active_package"] == facts["model_package_arn"]
    assert stack.package_status(facts["model_package_arn"]) == "Approved"


def test_the_artefact_swapped_after_the_signature_is_refused(stack, candidate, approved):
    stack.put(approved.facts.artefact_uri, archive_of({"model.json": b"theirs"}))
    with pytest.raises(SignatureInvalidError, match="artefact's digest"):
        verify(approved)


def test_the_evaluation_edited_after_the_signature_is_refused(stack, candidate, approved):
    edited = passing_evaluation(real_plan(), artefact_digest=tree_digest_of(MODEL_FILES), training_cases=10**7)
    stack.put(approved.facts.evaluation_uri, edited.to_json())
    with pytest.raises(SignatureInvalidError, match="evaluation was changed"):
        verify(approved)


def test_a_row_flipped_without_a_signature_is_refused(stack, candidate, approved):
    table = approvals_table(stack.parameters)
    key = {"request_id": {"S": approved.request_id}}
    stack.client("dynamodb").update_item(
        TableName=stack.parameters.tables.approvals, Key=key, UpdateExpression="REMOVE signatures"
    )
    assert table.get(approved.request_id).signatures == []
    with pytest.raises(SignatureInvalidError, match="no signature"):
        verify(approved)


def test_an_approval_serves_one_execution(approved):
    verify(approved)
    verify(approved)
    event = {
        "approval_request_id": approved.request_id,
        "requested_execution": EXECUTION,
        "execution_arn": UPDATE + "2",
    }
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify_approval.handler(event, None)


def test_a_release_that_was_verified_and_one_that_was_refused_are_in_the_ledger(stack, candidate, approved):
    run, _ = candidate
    stack.flip(approved.request_id, "REJECTED")
    with pytest.raises(SignatureInvalidError):
        verify(approved)
    stack.flip(approved.request_id, "APPROVED")
    verify(approved)
    verify(approved)
    released = [
        (record.event.value, record.details.get("why", ""))
        for record in ledger_table(stack.parameters).read(f"model:{run['key']}")
        if record.event.value.startswith("release.")
    ]
    refused, verified = released
    assert refused == ("release.refused", f"approval request {approved.request_id} is REJECTED, not APPROVED")
    assert verified == ("release.verified", "")


def test_the_times_of_a_roll_out_which_a_stack_may_shorten_are_in_the_ledger(stack, candidate, approved):
    run, _ = candidate
    given = verify(approved)["pace"]
    (record,) = [
        each
        for each in ledger_table(stack.parameters).read(f"model:{run['key']}")
        if each.event.value == "release.verified"
    ]
    assert record.details["pace"] == given
    assert given["shadow_seconds"] == stack.parameters.timing.shadow_seconds


def test_while_another_update_runs_nothing_is_used_up_and_nothing_is_recorded(stack, candidate, approved, monkeypatch):
    run, _ = candidate
    running = {UPDATE + "-earlier": NOW, UPDATE: NOW + timedelta(hours=1)}
    others = SimpleNamespace(running=lambda machine: running.items())
    monkeypatch.setattr(verify_approval, "executions", lambda: others)
    with pytest.raises(UpdateRunningError, match="update-endpoint:apr-1-earlier"):
        verify(approved)
    assert approvals_table(stack.parameters).get(approved.request_id).applied_by is None
    assert not [each for each in events(stack, f"model:{run['key']}") if each.startswith("release.")]
    del running[UPDATE + "-earlier"]
    assert verify(approved)["request_id"] == approved.request_id
    assert events(stack, f"model:{run['key']}")[-1] == "release.verified"


def test_a_release_of_a_request_that_nobody_knows_is_refused_and_recorded(stack, candidate):
    event = {"approval_request_id": "apr-invented", "requested_execution": EXECUTION, "execution_arn": UPDATE}
    with pytest.raises(SignatureInvalidError):
        verify_approval.handler(event, None)
    (record,) = [each for each in ledger_table(stack.parameters).read("stack") if each.event == "release.refused"]
    assert record.subject == "apr-invented"
