import pytest
from approval_fakes import NOW

from vigil.audit.models import Actor
from vigil.aws.endpoint_release import ReleaseConflictError, ServingRecords, mark_active
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.model_packages import ModelPackages
from vigil.aws.release_models import Champion, MarkActiveEvent, Pace, PinnedBaseline, Release

PACE = Pace(shadow_seconds=10, canary_percent=20, bake_seconds=10, termination_seconds=10, limit_seconds=600)
ACTOR = Actor(name="mark-active", via="AWS Lambda", verified=True)


@pytest.fixture
def records(stack):
    return ServingRecords(stack.client("dynamodb"), stack.parameters.tables.models)


def event(package, execution="update-1", after=None):
    """``after``: the execution whose record served when this one began."""
    champion = after and Champion(
        model_package_arn="p", run_key="2" * 12, artefact_digest="b" * 64, artefact_uri="s3://m/b", model_name="m",
        config_name="c", execution_arn=after,
    )  # fmt: skip
    release = Release(
        key="0" * 12, run_key="1" * 12, request_id=f"apr-{execution}", model_package_arn=package,
        artefact_digest="a" * 64, artefact_uri="s3://m/a",
        image="i", code_revision="c", dataset_version="d" * 64, endpoint_name="triage",
        instance_type="ml.m5.large", capture_uri="s3://c", data_key="k", kind="promotion", dataset_uri="s3://d/",
        plan_digest="f" * 64, plan_uri="s3://m/p/", baseline_uri="s3://m/b/", comparison_uri="s3://m/c/", pace=PACE,
        champion=champion,
    )  # fmt: skip
    baseline = PinnedBaseline(uri="s3://m/b/", digest="b" * 64, plan_digest="f" * 64, dataset_version="d" * 64)
    names = {"model_name": "m", "config_name": f"config-{execution}"}
    return MarkActiveEvent(release=release, baseline=baseline, execution_arn=execution, **names)


def status(stack, package):
    key = {"model_package_arn": {"S": package}}
    item = stack.client("dynamodb").get_item(TableName=stack.parameters.tables.models, Key=key)["Item"]
    return item["status"]["S"]


def mark(stack, records, package, execution="update-1", after=None):
    at(NOW, event(package, execution, after), records, stack)


def at(moment, marked, records, stack):
    packages, ledger = ModelPackages(stack.client("sagemaker")), required_ledger(stack.parameters)
    mark_active(marked, records, packages, lambda: moment, ACTOR, ledger)


def test_the_first_model_becomes_active_and_its_package_approved(stack, records):
    package = stack.package()
    mark(stack, records, package)
    assert status(stack, package) == "ACTIVE"
    assert stack.package_status(package) == "Approved"
    assert records.serving("triage")["active_package"] == package


def test_the_next_one_retires_it(stack, records):
    first, second = stack.package(), stack.package()
    mark(stack, records, first)
    mark(stack, records, second, "update-2", after="update-1")
    assert (status(stack, first), status(stack, second)) == ("RETIRED", "ACTIVE")
    serving = records.serving("triage")
    assert (serving["active_package"], serving["previous_package"]) == (second, first)


def test_marking_again_changes_nothing(stack, records):
    package = stack.package()
    mark(stack, records, package)
    before = records.serving("triage")
    at(NOW.replace(year=2030), event(package), records, stack)
    assert records.serving("triage") == before


def test_of_two_releases_at_once_one_is_told_so(stack, records):
    first, second, third = stack.package(), stack.package(), stack.package()
    mark(stack, records, first)
    look = records.serving
    answers = iter([look("triage")] * 2)  # what the slower one saw before the faster one wrote
    mark(stack, records, second, "update-2", after="update-1")
    records.serving = lambda name: next(answers, None) or look(name)
    with pytest.raises(ReleaseConflictError):
        mark(stack, records, third, "update-3", after="update-1")
    assert status(stack, second) == "ACTIVE"
    assert look("triage")["active_package"] == second


@pytest.mark.parametrize("after", [None, "update-1"], ids=["as a first one", "as the next one"])
def test_a_release_that_began_before_another_was_recorded_replaces_nothing(stack, records, after):
    """It has not compared itself with what serves now, which may be what somebody rolled back to."""
    first, second, third = stack.package(), stack.package(), stack.package()
    mark(stack, records, first)
    mark(stack, records, second, "update-2", after="update-1")
    with pytest.raises(ReleaseConflictError, match="update-2 has recorded another model"):
        mark(stack, records, third, "update-3", after)
    assert stack.package_status(third) == "PendingManualApproval", "not approved for nothing"
    assert records.serving("triage")["active_package"] == second


def test_a_package_that_was_rejected_meanwhile_is_not_approved_again(stack, records):
    package = stack.package()
    ModelPackages(stack.client("sagemaker")).set_status(package, "Rejected", "its run ended")
    with pytest.raises(ReleaseConflictError, match="was rejected"):
        mark(stack, records, package)
    assert stack.package_status(package) == "Rejected"
    assert records.serving("triage") == {}
