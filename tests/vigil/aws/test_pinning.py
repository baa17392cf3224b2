from datetime import UTC, datetime

import pytest
from approval_fakes import EXECUTION
from candidate_evidence import real_plan

from vigil.aws.images import ImageNotPinnedError
from vigil.aws.objects import S3Uri, get_bytes
from vigil.aws.pinning import OutsidePlanError, PinEvent, RequestError, pin_run
from vigil.aws.run_records import RunRecords
from vigil.change_control.plan import parse_plan


@pytest.fixture
def pin(stack):
    def run(plan=None, execution=EXECUTION, **changes):
        request = {"dataset_version": stack.release_dataset(), "requested_by": "airflow:dana", "reason": "new quarter"}
        event = PinEvent(
            request=request | changes, execution_arn=execution, execution_name="run-1", started_at=datetime.now(UTC)
        )
        records = RunRecords(stack.client("dynamodb"), stack.parameters.tables.runs)
        return pin_run(event, plan or real_plan(), stack.parameters, stack.evidence, records, stack.client("s3"))

    return run


def test_a_run_is_pinned_by_digests(stack, pin):
    plan, pinned = real_plan(), pin()
    assert pinned.plan_digest == plan.digest
    assert pinned.dataset_version == stack.release_dataset()
    assert pinned.code_revision == "revision-1"
    assert set(pinned.hyperparameters) == set(plan.hyperparameters)
    assert all(isinstance(value, str) for value in pinned.hyperparameters.values())


def test_the_plan_lies_where_the_jobs_will_read_it(pin):
    pinned = pin()
    text = get_bytes(S3Uri.parse(pinned.plan_uri) / "plan.json").decode()
    assert parse_plan(text, source="plan.json").digest == pinned.plan_digest


def test_a_retry_gets_what_was_pinned_first(pin):
    first = pin()
    amended = real_plan().model_copy(update={"version": "99"})
    assert pin(plan=amended) == first
    assert pin(plan=amended, execution=EXECUTION + "-2").plan_digest == amended.digest


def test_the_stack_may_ask_for_a_decision_sooner_than_the_plan_but_not_later(stack, pin):
    assert pin().approval_timeout_seconds == 3600
    timing = stack.parameters.timing.model_copy(update={"approval_timeout_seconds": 10**7})
    stack.parameters = stack.parameters.model_copy(update={"timing": timing})
    assert pin(execution=EXECUTION + "-2").approval_timeout_seconds == 1209600


@pytest.mark.parametrize("hyperparameters", [{"max_depth": "500"}, {"unheard_of": "1"}, {"max_depth": "deep"}])
def test_hyperparameters_outside_the_plan_are_refused_before_anything_is_computed(pin, hyperparameters):
    with pytest.raises(OutsidePlanError, match=next(iter(hyperparameters))):
        pin(hyperparameters=hyperparameters)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"requested_by": ""}, "requested_by"),
        ({"dataset_version": "newest"}, "dataset_version"),
        ({"dataset_version": "0" * 64}, "dataset_version"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_a_request_that_is_not_usable_names_the_field(pin, changes, field):
    with pytest.raises(RequestError, match=field):
        pin(**changes)


def test_a_request_that_is_no_object_is_said_to_be_so(stack, pin):
    event = PinEvent(request="train!", execution_arn=EXECUTION, execution_name="n", started_at=datetime.now(UTC))
    with pytest.raises(RequestError, match="request"):
        pin_run(event, real_plan(), stack.parameters, stack.evidence, None, stack.client("s3"))


def test_a_manifest_that_was_changed_is_discerned(stack, pin):
    version = stack.release_dataset()
    place = f"s3://{stack.parameters.buckets.datasets}/datasets/faers/{version}/manifest.json"
    changed = get_bytes(S3Uri.parse(place)).replace(b'"size":3', b'"size":4')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack, "release_dataset", lambda: version)
        stack.put(place, changed)
        with pytest.raises(RequestError, match="the data was changed"):
            pin()


@pytest.mark.parametrize("image", ["vigil-ml", "r/vigil-ml:latest", "r/vigil-ml@sha256:abc"])
def test_an_image_that_could_be_moved_after_signing_is_refused(stack, pin, image):
    sagemaker = stack.parameters.sagemaker.model_copy(update={"image": image})
    stack.parameters = stack.parameters.model_copy(update={"sagemaker": sagemaker})
    with pytest.raises(ImageNotPinnedError, match=r"sagemaker/image \(MlImage\).*give the pushed image's digest"):
        pin()


def test_who_sent_the_request_is_kept_with_the_run(stack, pin):
    assert pin(sent_by="AIDAIENQZJOLO23YVJ4VO").sent_by == "AIDAIENQZJOLO23YVJ4VO"
    key = {"execution_arn": {"S": EXECUTION}}
    table = stack.parameters.tables.runs
    item = stack.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    assert (item["sent_by"], item["requested_by"]) == ({"S": "AIDAIENQZJOLO23YVJ4VO"}, {"S": "airflow:dana"})
