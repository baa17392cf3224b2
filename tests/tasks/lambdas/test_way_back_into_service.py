"""The functions of a roll-back, in the order in which people and the machine call them, over one stack."""

import itertools
import json

import pytest
from candidate_evidence import real_plan
from ledger_reading import records
from moto_stack import archive_of, example, moto_stack
from served_model import put_into_service, set_status
from way_back import OLD_KEY, PREFIX, SUBJECT, old_and_new, pin_alone, prove, through_json

from tasks.lambdas import (
    deliver_decision,
    open_approval,
    pin_rollback,
    record_outcome,
    verify_approval,
)
from vigil.approvals.errors import RollbackRefusedError, SignatureInvalidError
from vigil.approvals.models import Status
from vigil.aws.approval_ports import approvals_table, ledger_table
from vigil.aws.clock import server_time
from vigil.aws.model_lineage import model_lineage
from vigil.aws.model_versions import model_versions, version_sources
from vigil.aws.objects import S3Uri, get_bytes
from vigil.aws.pinning import run_key
from vigil.aws.run_records import RunRecords
from vigil.models.versions import UnknownVersionError, VersionStatus

MADE = itertools.count(1)
UPDATE = f"{PREFIX}update-endpoint:apr-back"


@pytest.fixture(scope="module")
def stack():
    """One for all these tests: each has a roll-back of its own."""
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as made:
        yield made


@pytest.fixture(scope="module")
def models(stack):
    """The old model served, the new one serves."""
    return old_and_new(stack)


@pytest.fixture
def roll_back():
    """ARN of an execution that no other test has."""
    return f"{PREFIX}roll-back:rollback-{next(MADE)}"


def pin(execution, **request):
    prove(execution)
    return pin_alone(execution, **request)


def opened(stack, run, execution):
    body = {
        "run_key": run["key"], "task_token": "token-of-the-roll-back", "execution_arn": execution,
        "state_name": "WaitForApproval", "attempt": 0, "entered_at": "2030-03-02T09:30:00Z",
        "timeout_seconds": run["approval_timeout_seconds"], "facts": run["facts"],
    }  # fmt: skip
    event = example("sqs")
    event["Records"] = [event["Records"][0] | {"body": json.dumps(body)}]
    assert open_approval.handler(event, None) == {"batchItemFailures": []}
    pending = approvals_table(stack.parameters).with_status(Status.PENDING)
    return next(each for each in pending if each.execution_arn == execution)


def verify(request, by=UPDATE):
    event = {
        "approval_request_id": request.request_id,
        "requested_execution": request.execution_arn,
        "execution_arn": by,
    }
    return through_json(verify_approval.handler(event, None))


def versions(stack):
    store = approvals_table(stack.parameters)
    rows = [each.public() for status in Status for each in store.with_status(status)]
    return model_versions(version_sources(stack.parameters, lambda: rows)), rows


def test_a_plan_that_no_run_has_pinned_is_recorded_by_the_roll_back_that_finds_it_in_force(
    stack, models, roll_back, monkeypatch
):
    old, _ = models
    plan = real_plan().model_copy(update={"version": "9.9"})
    monkeypatch.setattr(pin_rollback, "load_plan", lambda _: plan)
    for _ in range(2):
        pin(roll_back, model_package_arn=old.model_package_arn)
    plans = [each for each in records(stack, "stack") if each.event == "plan.changed"]
    (changed,) = [each for each in plans if each.new["version"] == "9.9"]
    assert (changed.details["first_pinned_by"], changed.actor.name) == (roll_back, "Paula <paula@example.org>")


def test_a_model_goes_all_the_way_back_and_its_chain_tells_it(stack, models, roll_back):
    old, _ = models
    run = pin(roll_back, model_package_arn=old.model_package_arn)
    assert run["key"] == OLD_KEY
    request = stack.approve(opened(stack, run, roll_back).request_id)
    release = verify(request)
    assert (release["kind"], release["artefact_digest"], release["run_key"]) == (
        "rollback", old.artefact_digest, run["key"],
    )  # fmt: skip
    ended = {"execution_arn": roll_back, "outcome": "InService", "cause": "", "run": run, "candidate": run["facts"]}
    record_outcome.handler(ended, None)
    told = [
        (each.event.value, each.actor.verified) for each in ledger_table(stack.parameters).read(f"model:{run['key']}")
    ]
    assert told[-8:] == [
        ("rollback.asked", True), ("rollback.requested", True), ("request.opened", True), ("signature.made", True),
        ("signature.made", True), ("decision.made", True), ("release.verified", True), ("run.ended", True),
    ]  # fmt: skip
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify(request, by=f"{UPDATE}-2")


def test_pinning_again_gives_the_same_and_the_run_key_names_the_model_as_well(stack, models, roll_back):
    old, new = models
    first = pin(roll_back, model_package_arn=old.model_package_arn)
    put_into_service(stack.parameters, old, first["key"], "apr-x", UPDATE)  # a retry looks at nothing anew
    assert pin(roll_back, model_package_arn=old.model_package_arn) == first
    put_into_service(stack.parameters, new, run_key(f"{PREFIX}train-and-promote:new"), "apr-y", f"{UPDATE}-y")
    by_key = pin(f"{roll_back}-2", run_key=first["key"])
    assert by_key["facts"] == first["facts"]


@pytest.mark.parametrize(
    "claimed", [{"requested_by": "operator"}, {"asked_subject": "another"}, {"asked_via": "x"}, {"reason": "other"}]
)
def test_what_an_execution_says_of_its_asker_counts_only_as_the_asker_proved_it(stack, models, roll_back, claimed):
    old, _ = models
    with pytest.raises(RollbackRefusedError, match="nobody has proven"):
        pin_alone(roll_back, model_package_arn=old.model_package_arn)
    prove(roll_back)
    with pytest.raises(RollbackRefusedError, match="nobody has proven"):
        pin_alone(roll_back, model_package_arn=old.model_package_arn, **claimed)
    assert RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs).get(roll_back) is None
    run = pin_alone(roll_back, model_package_arn=old.model_package_arn)
    assert run["facts"]["rollback"]["asked_subject"] == SUBJECT


def test_what_may_not_come_back_is_not_pinned(stack, models, roll_back):
    old, new = models
    never = stack.package("Approved")
    for request, words in (
        ({"model_package_arn": new.model_package_arn}, "serves already"),
        ({"model_package_arn": never}, "registered by no run"),
        ({"model_package_arn": "arn:aws:sagemaker:us-east-1:1:model-package/other/1"}, "no model of this stack"),
        ({"run_key": "0" * 12}, "ever put before people"),
        ({}, "name the model"),
        ({"run_key": "0" * 12, "model_package_arn": never}, "one of them"),
    ):
        with pytest.raises(RollbackRefusedError, match=words):
            pin(roll_back, **request)
    kept = get_bytes(S3Uri.parse(old.artefact_uri), stack.client("s3"))
    stack.put(old.artefact_uri, archive_of({"model.json": b"theirs"}))
    with pytest.raises(RollbackRefusedError, match="the artefact's digest"):
        pin(roll_back, model_package_arn=old.model_package_arn)
    set_status(old.model_package_arn, "Rejected")
    with pytest.raises(RollbackRefusedError, match="is Rejected in the registry"):
        pin(roll_back, model_package_arn=old.model_package_arn)
    stack.put(old.artefact_uri, kept)
    set_status(old.model_package_arn, "Approved")
    assert RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs).get(roll_back) is None


@pytest.mark.parametrize("outcome", ["Rejected", "Expired", "EndpointRolledBack"])
def test_a_roll_back_that_comes_to_nothing_bars_no_model(stack, models, roll_back, outcome):
    old, _ = models
    run = pin(roll_back, model_package_arn=old.model_package_arn)
    ended = {"execution_arn": roll_back, "outcome": outcome, "cause": "so", "run": run, "candidate": run["facts"]}
    record_outcome.handler(ended, None)
    assert stack.package_status(old.model_package_arn) == "Approved"
    pin(f"{roll_back}-again", model_package_arn=old.model_package_arn)


def test_a_stopped_roll_back_is_recorded_in_the_models_chain_by_the_sweep(stack, models, roll_back, machines):
    old, _ = models
    run = pin(roll_back, model_package_arn=old.model_package_arn)
    machines.ended.add(roll_back)
    request = opened(stack, run, roll_back)
    done = deliver_decision.handler({}, None)
    assert done["stopped roll-backs"] == [roll_back]
    assert approvals_table(stack.parameters).get(request.request_id).status is Status.WITHDRAWN
    assert stack.package_status(old.model_package_arn) == "Approved"
    last = [each for each in ledger_table(stack.parameters).read(f"model:{run['key']}") if each.event == "run.ended"]
    assert [(each.subject, each.new["outcome"], each.details["kind"]) for each in last[-1:]] == [
        (roll_back, "Stopped", "rollback")
    ]


def test_versions_tell_what_serves_what_may_come_back_and_who_signed(stack, models, roll_back):
    old, new = models
    request = opened(stack, pin(roll_back, model_package_arn=old.model_package_arn), roll_back)
    stack.serve(f"vigil-{new.artefact_digest[:12]}-0123456789ab-0-0")
    found, rows = versions(stack)
    newer, older = (found.find(each.model_package_arn) for each in (new, old))
    assert [each.version for each in found.versions] == sorted((each.version for each in found.versions), reverse=True)
    assert (newer.status, older.status) == (VersionStatus.ACTIVE, VersionStatus.RETIRED)
    assert (newer.may_return, older.may_return) == (False, True)
    assert [each.printed_name for each in older.signatures] == ["Ben Reviewer", "Ana Approver"]
    assert older.rollback_request_id in {row["request_id"] for row in rows if row["status"] == "PENDING"}
    assert older.requested_by == "airflow:dana"  # who asked for its training
    assert older.figures["leak-alarm-model"] == newer.figures["leak-alarm-model"]
    assert found.endpoint.active_package == new.model_package_arn
    (variant,) = found.endpoint.variants
    assert (variant.name, variant.model_package_arn) == ("champion", new.model_package_arn)
    assert found.find(old.artefact_digest[:8]) == found.find(str(older.version)) == found.find(older.run_key) == older
    with pytest.raises(UnknownVersionError):
        found.find("nothing")
    lineage = model_lineage(older, rows, stack.parameters, server_time)
    assert [each.event for each in lineage.chain][-2:] == ["rollback.requested", "request.opened"]
    assert {row["request_id"] for row in lineage.requests} >= {request.request_id, older.approval_request_id}
    assert lineage.problems == ()
