"""Functions that nothing else of the test suite runs under its own role: deployed, with IAM enforced, and invoked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from approval_fakes import EXECUTION, TOKEN
from candidate_evidence import facts_for, passing_evaluation, real_plan
from deployed_stack import AIRFLOW_URL, STACK, FreshStack
from state_machines import eventually

from vigil.approvals import records
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.people import Person
from vigil.audit.models import Record
from vigil.aws.approval_ports import approvals_table, evidence_store, ledger_table
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters
from vigil.aws.people_table import PeopleTable
from vigil.aws.releases import ReleaseRecord, record_release
from vigil.datasets.manifest import Manifest, ManifestEntry
from vigil.digests import sha256_hex

pytestmark = pytest.mark.stack

RUN_KEY = "0123456789ab"


@dataclass(frozen=True)
class Deployed:
    parameters: StackParameters
    outbox: Path

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = boto3.client("lambda").invoke(FunctionName=f"vigil-{STACK}-{function}", Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def recorded(self, chain: str) -> list[Record]:
        return list(ledger_table(self.parameters).read(chain))


@pytest.fixture(scope="module")
def deployed(fresh_stack: FreshStack) -> Deployed:
    return Deployed(fresh_stack.parameters, fresh_stack.outbox)


def test_a_release_is_looked_at_and_recorded(deployed: Deployed) -> None:
    manifest = Manifest(files=(ManifestEntry(path="cases.parquet", size=3, sha256="a" * 64),))
    bucket, version = deployed.parameters.buckets.datasets, manifest.version
    prefix = f"datasets/faers/{version}/"
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}manifest.json", Body=manifest.to_bytes())
    release = {
        "name": "faers", "version": version, "tag": "t", "quarters": ("2023Q1",), "prefix": f"s3://{bucket}/{prefix}",
        "profile": "synthetic", "rows": {"train": 1}, "serious_rate": 0.5, "schema_version": 2, "engine": "duckdb",
        "curation_revision": "r", "released_at": server_time(),
    }  # fmt: skip
    record_release(ReleaseRecord.model_validate(release), bucket)
    event = {"version": version, "released_by": "airflow:dana", "dag_run_id": "manual__1"}
    deployed.invoke("record-release", event)
    assert [record.event.value for record in deployed.recorded("stack")] == ["dataset.released"]


def test_who_may_sign_gets_mail_and_the_row_and_the_ledger_say_so(deployed: Deployed) -> None:
    plan, now = real_plan(), server_time()
    evidence_store(deployed.parameters).keep_plan(plan)
    person = Person(
        username="ana", printed_name="Ana", email="ana@example.org", roles={"model-owner": now, "other": now}
    )
    PeopleTable(boto3.client("dynamodb"), deployed.parameters.tables.people).insert(person)
    request = ApprovalRequest(
        request_id=request_id_for(EXECUTION, "WaitForApproval", now, 0), run_key=RUN_KEY, status=Status.PENDING,
        facts=facts_for(passing_evaluation(plan), plan), execution_arn=EXECUTION, state_name="WaitForApproval",
        attempt=0, entered_at=now, created_at=now, expires_at=now + timedelta(days=14), token_ciphertext="sealed",
    )  # fmt: skip
    table = approvals_table(deployed.parameters)
    assert table.insert(request, [records.opened(request)])
    deployed.invoke("remind-approvers", {})
    eventually(lambda: list(deployed.outbox.glob("*.eml")))  # the minute's own sweep may have been faster
    (mail,) = deployed.outbox.glob("*.eml")
    assert f"{AIRFLOW_URL}/plugin/approvals/{request.request_id}" in mail.read_text()
    stored = table.get(request.request_id)
    assert stored is not None and stored.reminded == [14 * 86_400]
    found = [record.event.value for record in deployed.recorded(f"model:{RUN_KEY}")]
    assert found.count("request.reminded") == 1


def test_a_dead_letter_fails_its_wait_and_is_recorded(deployed: Deployed) -> None:
    queue = deployed.parameters.queues.training_results + "-dlq"
    body = {"task_token": TOKEN, "run_key": "f" * 12, "execution_arn": EXECUTION, "state_name": "WaitForApproval"}
    body |= {"attempt": 0, "entered_at": "2026-03-02T09:30:00Z", "facts": "unusable"}
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    records_of_run = eventually(lambda: deployed.recorded("model:" + "f" * 12), within=60)
    assert [record.event.value for record in records_of_run] == ["request.not-opened"]


def release_event(deployed: Deployed, run_key: str, **more: Any) -> dict[str, Any]:
    """What update-endpoint hands from state to state, of a model that nobody has trained."""
    plan = real_plan()
    evidence_store(deployed.parameters).keep_plan(plan)
    place = f"s3://{deployed.parameters.buckets.models}/runs/{run_key}/"
    release = {
        "key": "0" * 12, "run_key": run_key, "request_id": "apr-1", "kind": "promotion", "artefact_digest": "a" * 64,
        "artefact_uri": "s3://m/a", "image": "i", "code_revision": "c",
        "dataset_version": "d" * 64, "dataset_uri": "s3://d/", "plan_digest": plan.digest, "plan_uri": "s3://m/p/",
        "baseline_uri": f"{place}baseline/", "comparison_uri": f"{place}comparison/", "data_key": "k",
        "endpoint_name": deployed.parameters.sagemaker.endpoint, "instance_type": "ml.m5.large", "capture_uri": "s3://c",
        "pace": {"shadow_seconds": 1, "canary_percent": 20, "bake_seconds": 1, "termination_seconds": 1,
                 "limit_seconds": 600},
    }  # fmt: skip
    release["model_package_arn"] = "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/1"
    return {"release": release, "execution_arn": "arn:of:update", **more}


def test_a_baseline_is_pinned(deployed: Deployed) -> None:
    event = release_event(deployed, "2" * 12)
    bucket, prefix = deployed.parameters.buckets.models, f"runs/{'2' * 12}/baseline/"
    baseline = {"artefact_digest": "a" * 64, "dataset_version": "d" * 64, "files": {"bias/x.json": sha256_hex(b"{}")}}
    baseline["plan_digest"] = event["release"]["plan_digest"]
    for name, content in (("bias/x.json", b"{}"), ("baseline.json", json.dumps(baseline).encode())):
        boto3.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=content)
    assert deployed.invoke("pin-baseline", event)["uri"] == f"s3://{bucket}/{prefix}"
    assert [record.event.value for record in deployed.recorded("model:" + "2" * 12)] == ["baseline.pinned"]


def test_a_challenger_in_the_shadow_is_judged(deployed: Deployed) -> None:
    since = (server_time() - timedelta(minutes=2)).isoformat()
    event = release_event(deployed, "3" * 12, phase="shadow", since=since, comparison_uri="")
    assert deployed.invoke("compare-challenger", event)["verdict"] == "not-judged"
    assert [record.event.value for record in deployed.recorded("model:" + "3" * 12)] == ["challenger.compared"]


def test_a_wait_for_the_endpoint_is_kept_sealed_looked_after_and_ended(deployed: Deployed) -> None:
    event = {"task_token": TOKEN, "endpoint_name": deployed.parameters.sagemaker.endpoint, "config_name": "new"}
    event |= {"execution_arn": "arn:of:update", "state_name": "AwaitShadow", "entered_at": server_time().isoformat()}
    assert deployed.invoke("await-deployment", event) == {"wait": "waits"}
    items = boto3.client("dynamodb").scan(TableName=deployed.parameters.tables.monitoring)["Items"]
    assert len(items) == 1
    assert TOKEN not in str(items)
    assert list(deployed.invoke("deployment-ended", {})["waits"].values()) == ["waits"]
    late = event | {"entered_at": (server_time() - timedelta(hours=1)).isoformat(), "state_name": "AwaitDeployment"}
    assert deployed.invoke("await-deployment", late) == {"wait": "nobody waits"}
