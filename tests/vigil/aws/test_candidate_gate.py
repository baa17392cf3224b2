from datetime import UTC, datetime

import pytest
from approval_fakes import EXECUTION
from moto_stack import MODEL_FILES, archive_of

from vigil.approvals.errors import EvidenceError
from vigil.aws.artefacts import ArtefactError
from vigil.aws.candidate_gate import GateEvent, gate_candidate
from vigil.aws.objects import S3Uri
from vigil.aws.pinning import PinnedRun
from vigil.aws.registration import RegisterEvent, register_candidate
from vigil.aws.run_records import RunRecords


def pinned_run(stack, facts, **changes):
    document = {
        "key": "0" * 12, "execution_arn": EXECUTION, "requested_by": "airflow:dana", "reason": "r",
        "dataset_version": facts.dataset_version, "dataset_uri": "s3://d/", "plan_digest": facts.plan_digest,
        "plan_uri": "s3://p/", "hyperparameters": {}, "code_revision": facts.code_revision,
        "plan_changed_by": facts.plan_changed_by,
        "image": stack.parameters.sagemaker.image, "instance_type": "ml.m5.large", "data_key": "k",
        "outputs_uri": f"s3://{stack.parameters.buckets.models}/runs/0", "approval_timeout_seconds": 60,
    }  # fmt: skip
    return PinnedRun.model_validate(document | changes)


@pytest.fixture
def made(stack):
    """The evaluation and the model as the jobs leave them, and the run."""
    _, evaluation, facts = stack.candidate()
    outputs = f"s3://{stack.parameters.buckets.models}/runs/0"
    stack.put(f"{outputs}/evaluation/0-0/evaluation.json", evaluation.to_json())
    stack.put(f"{outputs}/training/job/output/model.tar.gz", archive_of(MODEL_FILES))
    return evaluation, facts, pinned_run(stack, facts), outputs


def gated(stack, made, **changes):
    _, _, run, outputs = made
    event = GateEvent(run=run.model_copy(update=changes), evaluation_uri=f"{outputs}/evaluation/0-0/evaluation.json")
    return gate_candidate(event, stack.evidence)


def test_a_good_candidate_passes_and_its_evaluation_is_kept_by_digest(stack, made):
    evaluation, *_ = made
    result = gated(stack, made)
    assert result.verdict.passed
    assert result.evaluation_digest == evaluation.digest
    assert evaluation.digest in result.evaluation_uri


def test_a_later_write_to_the_jobs_output_does_not_change_the_kept_evaluation(stack, made):
    evaluation, _, _, outputs = made
    kept = gated(stack, made)
    stack.put(f"{outputs}/evaluation/0-0/evaluation.json", b"{}")
    assert stack.evidence.read_evaluation(S3Uri.parse(kept.evaluation_uri)) == evaluation


def test_a_weak_candidate_is_refused_with_the_criteria_it_missed(stack, made):
    evaluation, _, _, outputs = made
    weak = evaluation.model_copy(deep=True)
    weak.splits["test_next"].candidate.overall.__dict__["auroc"] = weak.splits["test_next"].difference.auroc
    stack.put(f"{outputs}/evaluation/0-0/evaluation.json", weak.to_json())
    result = gated(stack, made)
    assert (result.verdict.passed, result.verdict.outcome) == (False, "below-limits")
    assert "discrimination-newest-quarter" in result.summary


@pytest.mark.parametrize(
    "changes", [{"dataset_version": "1" * 64}, {"plan_digest": "1" * 64}, {"code_revision": "other"}]
)
def test_an_evaluation_of_another_run_is_not_judged(stack, made, changes):
    with pytest.raises(EvidenceError, match=next(iter(changes))):
        gated(stack, made, **changes)


def registered(stack, made, **changes):
    _, _, run, outputs = made
    gate = gated(stack, made)
    document = {
        "run": run, "model_uri": f"{outputs}/training/job/output/model.tar.gz", "evaluation_uri": gate.evaluation_uri,
        "evaluation_digest": gate.evaluation_digest, "verdict": gate.verdict,
    }  # fmt: skip
    return register_candidate(
        RegisterEvent(**(document | changes)),
        stack.parameters,
        stack.evidence,
        RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs),
        stack.client("sagemaker"),
        stack.client("s3"),
    )


def test_a_registered_candidate_is_pending_and_carries_its_digests(stack, made):
    evaluation, *_ = made
    facts = registered(stack, made)
    package = stack.client("sagemaker").describe_model_package(ModelPackageName=facts.model_package_arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["CustomerMetadataProperties"]["artefact_digest"] == evaluation.artefact_digest
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == facts.artefact_uri
    assert stack.evidence.artefact_digest(facts) == facts.artefact_digest
    assert facts.requested_by == "airflow:dana"


def test_the_run_knows_its_package(stack, made):
    _, _, run, _ = made
    facts = registered(stack, made)
    record = RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs).get(run.execution_arn)
    assert record["model_package_arn"] == facts.model_package_arn


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("TrainingFailed", "Rejected"), pytest.param("Stopped", "PendingManualApproval", id="stopped, perhaps redriven")],
)
def test_a_candidate_of_a_run_that_has_ended_meanwhile_is_rejected_at_once(stack, made, outcome, status):
    _, _, run, _ = made
    records = RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs)
    records.finish(run.execution_arn, outcome, "by an operator", datetime(2026, 3, 2, tzinfo=UTC))
    assert stack.package_status(registered(stack, made).model_package_arn) == status


def test_a_model_that_is_not_the_evaluated_one_is_not_registered(stack, made):
    _, _, _, outputs = made
    stack.put(f"{outputs}/training/job/output/model.tar.gz", archive_of({"model.json": b"swapped"}))
    with pytest.raises(EvidenceError, match="evaluated was the artefact"):
        registered(stack, made)


def test_a_damaged_model_is_not_registered(stack, made):
    _, _, _, outputs = made
    stack.put(f"{outputs}/training/job/output/model.tar.gz", b"no archive")
    with pytest.raises(ArtefactError):
        registered(stack, made)


def test_a_retry_uses_the_same_client_token(stack, made):
    asked = []
    client = stack.client("sagemaker")
    client.meta.events.register(
        "before-parameter-build.sagemaker.CreateModelPackage", lambda params, **_: asked.append(dict(params))
    )
    registered(stack, made)
    registered(stack, made)
    assert asked[0]["ClientToken"] == asked[1]["ClientToken"]
