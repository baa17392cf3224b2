import json

import pytest
from ledger_reading import broken_ledger, records

from vigil.audit.models import Actor, model_chain
from vigil.aws.baseline_pin import BaselineNotPinnedError, PinBaselineEvent, pin_baseline
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.ledger_ports import LedgerUnavailableError, required_ledger
from vigil.aws.release_models import Pace, Release
from vigil.digests import sha256_hex

ACTOR = Actor(name="pin-baseline", via="AWS Lambda", verified=True)
PACE = Pace(shadow_seconds=10, canary_percent=20, bake_seconds=10, termination_seconds=10, limit_seconds=600)
FILES = {"data-quality/statistics.json": b'{"version":0}', "bias/constraints.json": b"{}"}
RUN = "1" * 12
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/1"


class Bench:
    def __init__(self, stack):
        self.stack = stack
        self.models = ServingRecords(stack.client("dynamodb"), stack.parameters.tables.models)
        self.place = f"s3://{stack.parameters.buckets.models}/runs/{RUN}/baseline/"

    def write(self, **changes):
        """The job's output; its digest."""
        for name, content in FILES.items():
            self.stack.put(self.place + name, content)
        document = {
            "artefact_digest": "a" * 64, "dataset_version": "d" * 64, "plan_digest": "f" * 64, "more": "for monitors",
            "files": {name: sha256_hex(content) for name, content in FILES.items()},
        }  # fmt: skip
        content = json.dumps(document | changes).encode()
        self.stack.put(self.place + "baseline.json", content)
        return sha256_hex(content)

    def pin(self, **changes):
        fields = {
            "key": "0" * 12, "run_key": RUN, "request_id": "apr-1", "kind": "promotion", "model_package_arn": PACKAGE,
            "artefact_digest": "a" * 64, "artefact_uri": "s3://m/a", "image": "i", "code_revision": "c",
            "dataset_version": "d" * 64, "dataset_uri": "s3://d/", "plan_digest": "f" * 64, "plan_uri": "s3://m/p/",
            "baseline_uri": self.place, "comparison_uri": "s3://m/c/", "endpoint_name": "triage",
            "instance_type": "ml.m5.large", "capture_uri": "s3://c", "data_key": "k", "pace": PACE,
        }  # fmt: skip
        event = PinBaselineEvent(release=Release.model_validate(fields | changes), execution_arn="arn:of:update")
        ledger = required_ledger(self.stack.parameters)
        return pin_baseline(event, self.models, ACTOR, ledger, self.stack.client("s3"))


@pytest.fixture
def bench(stack):
    return Bench(stack)


def test_a_baseline_is_recorded_in_the_models_chain_and_beside_the_package(bench):
    digest = bench.write()
    for _ in range(2):
        pinned = bench.pin()
    assert (pinned.digest, pinned.plan_digest, pinned.dataset_version) == (digest, "f" * 64, "d" * 64)
    (record,) = records(bench.stack, model_chain(RUN))
    assert (record.event, record.new["digest"]) == ("baseline.pinned", digest)
    assert bench.models.package(PACKAGE)["baseline_digest"] == digest


@pytest.mark.parametrize("field", ["artefact_digest", "dataset_version", "plan_digest"])
def test_a_baseline_of_another_model_dataset_or_plan_is_refused(bench, field):
    bench.write(**{field: "9" * 64})
    with pytest.raises(BaselineNotPinnedError, match="999999999999, expected was"):
        bench.pin()
    assert records(bench.stack, model_chain(RUN)) == []


def test_a_file_that_was_changed_or_is_missing_is_named(bench):
    bench.write()
    bench.stack.put(bench.place + "bias/constraints.json", b"{ }")
    with pytest.raises(BaselineNotPinnedError, match=r"bias/constraints\.json"):
        bench.pin()
    bench.stack.client("s3").delete_object(
        Bucket=bench.stack.parameters.buckets.models, Key=f"runs/{RUN}/baseline/bias/constraints.json"
    )
    with pytest.raises(BaselineNotPinnedError, match="lacks a file"):
        bench.pin()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"files": {}}', b"\xff"], ids=["empty", "list", "bare", "bytes"])
def test_what_is_no_baseline_is_refused(bench, content):
    bench.stack.put(bench.place + "baseline.json", content)
    with pytest.raises(BaselineNotPinnedError, match="is no baseline"):
        bench.pin()


def test_a_model_that_comes_back_must_have_the_very_baseline_that_was_pinned(bench):
    digest = bench.write(plan_digest="e" * 64)
    pinned = bench.pin(kind="rollback", baseline_digest=digest)
    assert pinned.plan_digest == "e" * 64, "it keeps the plan that it was made under"
    assert records(bench.stack, model_chain(RUN)) == []
    with pytest.raises(BaselineNotPinnedError, match=r"baseline\.json is"):
        bench.pin(kind="rollback", baseline_digest="8" * 64)


def test_a_pinned_baseline_is_never_replaced_by_another(bench):
    first = bench.write()
    bench.pin()
    bench.write(more="made again")
    with pytest.raises(BaselineNotPinnedError, match="another baseline is pinned"):
        bench.pin()
    assert bench.models.package(PACKAGE)["baseline_digest"] == first


def test_what_cannot_be_recorded_is_not_pinned(bench, monkeypatch):
    bench.write()
    with broken_ledger(monkeypatch), pytest.raises(LedgerUnavailableError, match=r"baseline\.pinned"):
        bench.pin()
    assert bench.models.package(PACKAGE) == {}
