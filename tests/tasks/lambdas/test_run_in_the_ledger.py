"""What the functions of both state machines leave in the ledger: each event once, whatever is retried."""

import json

import pytest
from approval_fakes import EXECUTION
from candidate_evidence import passing_evaluation, real_plan
from ledger_reading import broken_ledger, events, records
from moto_stack import MODEL_FILES, archive_of, example, tree_digest_of

from tasks.lambdas import gate_candidate, mark_active, pin_run, record_outcome, register_candidate, train_model_handler
from vigil.audit.models import model_chain
from vigil.aws.ledger_ports import LedgerUnavailableError, RequiredLedger
from vigil.aws.pinning import RequestError, run_key

CHAIN = model_chain(run_key(EXECUTION))
UPDATE = "arn:aws:states:us-east-1:123456789012:execution:vigil-unit-update-endpoint:apr-1"


def pin(stack, execution=EXECUTION, plan=None, monkeypatch=None, dataset=None):
    version = dataset or stack.recorded_dataset()
    request = {"dataset_version": version, "requested_by": "airflow:dana", "reason": "new quarter"}
    event = {
        "request": request,
        "execution_arn": execution,
        "execution_name": "run-1",
        "started_at": "2026-03-02T09:30:00.123Z",
    }
    if plan is not None:
        monkeypatch.setattr(pin_run, "load_plan", lambda path: plan)
    return json.loads(json.dumps(pin_run.handler(event, None)))


@pytest.fixture
def judged(stack):
    """The events of Gate and Register for a run that is pinned."""
    run = pin(stack)
    evaluation = passing_evaluation(
        real_plan(), artefact_digest=tree_digest_of(MODEL_FILES), dataset_version=run["dataset_version"]
    )
    evaluation_uri = stack.put(f"{run['outputs_uri']}/evaluation/0-0/evaluation.json", evaluation.to_json())
    model_uri = stack.put(f"{run['outputs_uri']}/training/job/output/model.tar.gz", archive_of(MODEL_FILES))
    gate = {"run": run, "evaluation_uri": evaluation_uri}
    kept = stack.evidence.keep_evaluation(evaluation)
    verdict = gate_candidate.handler(gate, None)["verdict"]
    register = {"run": run, "model_uri": model_uri, "evaluation_uri": str(kept)}
    return gate, register | {"evaluation_digest": evaluation.digest, "verdict": verdict}


def release(package="arn:of:package/1", key="1" * 12, request="apr-1"):
    return {
        "key": "0" * 12, "run_key": key, "request_id": request, "model_package_arn": package,
        "artefact_digest": "a" * 64, "artefact_uri": "s3://m/a", "image": "i", "code_revision": "c",
        "dataset_version": "d" * 64, "endpoint_name": "triage", "instance_type": "ml.m5.large",
        "capture_uri": "s3://c", "data_key": "k", "kind": "promotion", "dataset_uri": "s3://d/",
        "plan_digest": "f" * 64, "plan_uri": "s3://m/p/", "baseline_uri": "s3://m/b/", "comparison_uri": "s3://m/c/",
        "pace": {"shadow_seconds": 1, "canary_percent": 1, "bake_seconds": 1, "termination_seconds": 1,
                 "limit_seconds": 600},
    }  # fmt: skip


def activation(package, key, execution=UPDATE, after=None):
    """``after``: the execution whose record served when this one began."""
    champion = {
        "model_package_arn": "p", "run_key": "2" * 12, "artefact_digest": "b" * 64, "artefact_uri": "s3://m/b",
        "model_name": "m", "config_name": "c", "execution_arn": after,
    }  # fmt: skip
    began = release(package, key) | ({"champion": champion} if after else {})
    marked = {"release": began, "execution_arn": execution, "model_name": "m"}
    baseline = {"uri": "s3://m/b/", "digest": "b" * 64, "plan_digest": "f" * 64, "dataset_version": "d" * 64}
    return marked | {"config_name": f"config-{key}", "baseline": baseline}


def test_a_start_is_recorded_once_with_all_that_was_pinned_and_who_asked(stack):
    run = pin(stack)
    pin(stack)
    (started,) = records(stack, CHAIN)
    assert started.event == "run.started"
    assert (started.actor.name, started.actor.verified) == ("airflow:dana", False)
    assert started.subject == EXECUTION
    for name in ("dataset_version", "plan_digest", "code_revision", "image", "hyperparameters"):
        assert started.new[name] == run[name], name


def test_a_plan_that_changed_is_recorded_by_the_first_run_that_pins_it_with_who_changed_it(stack, monkeypatch):
    first = real_plan()
    second = first.model_copy(update={"version": "9.9"})
    pin(stack, EXECUTION)
    pin(stack, EXECUTION + "-2")
    pin(stack, EXECUTION + "-3", second, monkeypatch)
    pin(stack, EXECUTION + "-4", first, monkeypatch)
    adopted, amended, undone = records(stack, "stack")[1:]
    assert {record.event for record in (adopted, amended, undone)} == {"plan.changed"}
    assert adopted.old is None
    assert (amended.old["digest"], amended.old["version"]) == (first.digest, first.version)
    assert (amended.new["digest"], amended.new["version"]) == (second.digest, "9.9")
    assert (undone.old, undone.new) == (amended.new, amended.old)
    assert amended.actor.name == "Paula <paula@example.org>"
    assert amended.details["first_pinned_by"] == EXECUTION + "-3"


def test_a_retried_start_does_not_bring_back_the_plan_it_had_pinned(stack, monkeypatch):
    pin(stack, EXECUTION)
    pin(stack, EXECUTION + "-2", real_plan().model_copy(update={"version": "9.9"}), monkeypatch)
    pin(stack, EXECUTION)
    assert events(stack, "stack") == ["dataset.released", "plan.changed", "plan.changed"]


def test_a_run_on_a_dataset_whose_release_the_ledger_does_not_know_is_refused_until_it_is_recorded(stack):
    event = {
        "request": {"dataset_version": stack.release_dataset(), "requested_by": "airflow:dana", "reason": "r"},
        "execution_arn": EXECUTION, "execution_name": "run-1", "started_at": "2026-03-02T09:30:00.123Z",
    }  # fmt: skip
    with pytest.raises(RequestError, match=r"does not know of its release: clear the task `release`"):
        pin_run.handler(event, None)
    assert events(stack, CHAIN) == []
    stack.recorded_dataset()
    pin_run.handler(event, None)
    assert events(stack, CHAIN) == ["run.started"]


def test_a_verdict_is_recorded_once_with_each_criterion(stack, judged):
    gate, _ = judged
    gate_candidate.handler(gate, None)
    (found,) = [record for record in records(stack, CHAIN) if record.event == "gate.judged"]
    assert found.new == {"passed": True, "outcome": "within-plan"}
    assert len(found.details["criteria"]) > 10
    assert set(found.details["criteria"][0]) == {"name", "measured", "limit", "passed", "reason"}


def test_a_candidate_is_recorded_once_with_its_digests(stack, judged):
    _, register = judged
    facts = register_candidate.handler(register, None)
    register_candidate.handler(register, None)
    assert events(stack, CHAIN) == ["run.started", "gate.judged", "candidate.registered"]
    found = records(stack, CHAIN)[-1]
    assert found.subject == facts["model_package_arn"]
    for name in ("artefact_digest", "dataset_version", "evaluation_digest", "plan_digest", "code_revision"):
        assert found.new[name] == facts[name], name


def test_a_message_that_asks_for_a_run_is_recorded_with_who_sent_it(stack, machines):
    event = example("sqs")
    asked = {"dataset_version": "d" * 64, "requested_by": "dana", "reason": "drift", "sent_by": "somebody-else"}
    event["Records"] = [event["Records"][0] | {"body": json.dumps(asked)}]
    train_model_handler.handler(event, None)
    train_model_handler.handler(event, None)
    (request,) = machines.started.values()
    execution = request["stateMachineArn"].replace(":stateMachine:", ":execution:") + ":" + request["name"]
    (found,) = records(stack, model_chain(run_key(execution)))
    assert found.event == "run.requested"
    assert (found.actor.name, found.actor.verified) == ("AIDAIENQZJOLO23YVJ4VO", True)
    assert found.details["requested_by"] == "dana"


def test_a_message_that_cannot_be_recorded_starts_nothing_and_comes_again(stack, machines, monkeypatch):
    event = example("sqs")
    asked = {"dataset_version": "d" * 64, "requested_by": "dana", "reason": "drift"}
    event["Records"] = [event["Records"][0] | {"body": json.dumps(asked)}]
    with broken_ledger(monkeypatch):
        assert len(train_model_handler.handler(event, None)["batchItemFailures"]) == 1
    assert machines.started == {}


def test_a_change_of_the_endpoint_is_recorded_once_from_old_to_new_in_the_chains_of_both_models(stack):
    first, second = stack.package(), stack.package()
    for _ in range(2):
        mark_active.handler(activation(first, "1" * 12), None)
    for _ in range(2):
        mark_active.handler(activation(second, "2" * 12, UPDATE + "-2", after=UPDATE), None)
    came, left = records(stack, "model:" + "1" * 12)
    (changed,) = records(stack, "model:" + "2" * 12)
    assert came.old is None
    assert came.new["active_package"] == changed.old["active_package"] == left.old["active_package"] == first
    assert changed.new["active_package"] == left.new["active_package"] == second
    assert changed.details["approval_request_id"] == "apr-1"
    assert changed.actor.verified


def test_that_a_model_left_is_recorded_in_the_transaction_of_the_change(stack, monkeypatch):
    first, second = stack.package(), stack.package()
    mark_active.handler(activation(first, "1" * 12), None)

    def nothing_by_itself(ledger, entry):
        raise LedgerUnavailableError(entry.key)

    monkeypatch.setattr(RequiredLedger, "append", nothing_by_itself)
    mark_active.handler(activation(second, "2" * 12, UPDATE + "-2", after=UPDATE), None)
    assert [record.new["active_package"] for record in records(stack, "model:" + "1" * 12)] == [first, second]


def test_nothing_becomes_active_that_is_not_recorded(stack, monkeypatch):
    package = stack.package()
    with broken_ledger(monkeypatch), pytest.raises(LedgerUnavailableError, match=r"endpoint\.changed"):
        mark_active.handler(activation(package, "1" * 12), None)
    table = stack.client("dynamodb").scan(TableName=stack.parameters.tables.models)
    assert table["Items"] == []
    mark_active.handler(activation(package, "1" * 12), None)
    assert events(stack, "model:" + "1" * 12) == ["endpoint.changed"]


def test_an_end_is_recorded_once_and_the_first_outcome_stands(stack):
    ended = {"execution_arn": EXECUTION, "cause": "too few", "run": {}, "candidate": {}}
    record_outcome.handler(ended | {"outcome": "Rejected"}, None)
    record_outcome.handler(ended | {"outcome": "InternalFailure"}, None)
    (found,) = records(stack, CHAIN)
    assert (found.event, found.new) == ("run.ended", {"outcome": "Rejected", "reason": "too few"})


def test_an_update_that_was_rolled_back_is_recorded_as_restored_to_what_serves(stack):
    serving = stack.package()
    mark_active.handler(activation(serving, "1" * 12), None)
    update = UPDATE + "-2"
    rolled = {"execution_arn": update, "outcome": "EndpointRolledBack", "cause": "wrong digest"}
    candidate = release(stack.package(), "2" * 12)
    for _ in range(2):
        record_outcome.handler(rolled | {"candidate": candidate, "run": {}, "requested_execution": EXECUTION}, None)
    restored, ended = records(stack, "model:" + "2" * 12)
    assert restored.event == "endpoint.restored"
    assert restored.new["active_package"] == serving
    assert restored.details["because"] == "wrong digest"
    assert (ended.event, ended.new["outcome"]) == ("run.ended", "EndpointRolledBack")


def test_the_run_whose_update_was_rolled_back_ends_without_a_second_restoration(stack):
    ended = {"execution_arn": EXECUTION, "outcome": "EndpointRolledBack", "cause": "wrong digest"}
    record_outcome.handler(ended, None)
    assert events(stack, CHAIN) == ["run.ended"]


def test_an_update_that_names_a_run_nobody_knows_ends_in_the_stacks_chain(stack):
    ended = {"execution_arn": UPDATE, "outcome": "SignatureInvalid", "cause": "no", "requested_execution": "junk"}
    record_outcome.handler(ended, None)
    assert events(stack, "stack") == ["run.ended"]


@pytest.mark.parametrize("step", ["pin", "gate", "register", "outcome"])
def test_a_step_whose_event_cannot_be_recorded_fails_by_the_name_that_the_machines_retry(
    stack, judged, monkeypatch, step
):
    gate, register = judged
    calls = {
        "pin": lambda: pin(stack, EXECUTION + "-2", dataset=stack.release_dataset()),
        "gate": lambda: gate_candidate.handler(gate, None),
        "register": lambda: register_candidate.handler(register, None),
        "outcome": lambda: record_outcome.handler({"execution_arn": EXECUTION, "outcome": "Expired"}, None),
    }
    before = events(stack, CHAIN)
    with broken_ledger(monkeypatch), pytest.raises(LedgerUnavailableError):
        calls[step]()
    calls[step]()
    assert len(events(stack, CHAIN)) == len(before) + (step in ("register", "outcome"))


def test_no_secret_that_somebody_typed_as_a_reason_is_in_the_ledger(stack):
    secret = "AKIAabcdEFGH1234" * 16
    ended = {"execution_arn": EXECUTION, "outcome": "InternalFailure", "cause": json.dumps({"errorMessage": secret})}
    record_outcome.handler(ended, None)
    (found,) = records(stack, CHAIN)
    assert secret not in found.model_dump_json()
