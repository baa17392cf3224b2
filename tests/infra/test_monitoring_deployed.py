"""Monitoring on a deployed stack, with every function and job under its own role alone.

Schedules live and die with the endpoint in both homes, and a window goes from the request to the ledger. Model and
analyzer are stood in for.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from candidate_evidence import real_plan
from deployed_stack import STACK, Deployment
from local_server import eventually
from watched_model import RUN_KEY, put_serving, serving

from vigil.audit.events import EventName
from vigil.aws.approval_ports import ledger_table
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.monitoring_table import MonitoringTable
from vigil.monitoring.models import Monitor, WindowReport, WindowStatus

pytestmark = pytest.mark.stack

MONITORS = {monitor.value for monitor in Monitor}
SERVER = Path(__file__).parents[1] / "local_aws/services/sagemaker/fake_container.py"
# What `python -m tasks.sagemaker monitor` says when it is done, and nothing of what it does before.
ANALYZER = """
import os, sys, boto3
from pathlib import Path
sys.path.insert(0, {repository!r})
from vigil.aws.monitoring_events import announce
from vigil.monitoring.contract import read_order
from vigil.monitoring.models import WindowReport
order = read_order(os.environ)
assert sys.argv[1:] == ["monitor"], sys.argv
bucket, _, key = order.dataset_source.removeprefix("s3://").partition("/")
found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]
report = WindowReport(endpoint=order.endpoint, monitor=order.monitor, window=order.window, status="ok", cases=found,
    violation_count=0, artefact_digest=order.artefact_digest, baseline_digest=order.baseline_digest,
    plan_digest=order.plan_digest, report_uri=order.report_uri, finished_at=order.window.end)
written, _, key = order.report_uri.removeprefix("s3://").partition("/")
boto3.client("s3").put_object(Bucket=written, Key=key + "window.json", Body=report.model_dump_json().encode())
announce(report, boto3.client("events"))
"""


@pytest.fixture(scope="module")
def stack(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> Iterator[StackParameters]:
    folder = tmp_path_factory.mktemp("watch")
    program = folder / "image/tasks/sagemaker"
    program.mkdir(parents=True)
    (program / "__main__.py").write_text(ANALYZER.format(repository=str(repository)))
    image = folder / "image/image.toml"
    image.write_text(f'[image]\nname = "vigil-ml"\nworkdir = "."\nentrypoint = ["python", "{SERVER}"]\n')
    with deployment.fresh([image]) as made:
        _put_baseline(made.parameters)
        yield made.parameters


def _put_baseline(parameters: StackParameters) -> None:
    s3, folder = aws_client("s3"), f"runs/{RUN_KEY}/baseline"
    for name in ("baseline.json", *(f"{m}/{f}.json" for m in MONITORS for f in ("statistics", "constraints"))):
        s3.put_object(Bucket=parameters.buckets.models, Key=f"{folder}/{name}", Body=b"{}")
    EvidenceStore(parameters.buckets.models).keep_plan(real_plan())


@pytest.fixture
def endpoint(stack: StackParameters) -> Iterator[str]:
    """In service, before anything is recorded of its model; what is left of it at the end is taken away."""
    name, sagemaker = stack.sagemaker.endpoint, aws_client("sagemaker")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("model.json")
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"{}"))
    bucket = stack.buckets.models
    aws_client("s3").put_object(Bucket=bucket, Key="artefacts/x/model.tar.gz", Body=packed.getvalue())
    container = {"Image": stack.sagemaker.image, "ModelDataUrl": f"s3://{bucket}/artefacts/x/model.tar.gz"}
    config = f"config-{datetime.now(UTC):%H%M%S%f}"
    sagemaker.create_model(ModelName=config, ExecutionRoleArn=stack.sagemaker.role, PrimaryContainer=container)
    variant = {"VariantName": "champion", "ModelName": config, "InstanceType": "ml.m5.large"}
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{stack.buckets.capture}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }  # fmt: skip
    sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[variant | {"InitialInstanceCount": 1}],
        DataCaptureConfig=capture,
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    eventually(lambda: _status(name) == "InService", within=60)
    yield name
    if _status(name):
        sagemaker.delete_endpoint(EndpointName=name)
        eventually(lambda: not _status(name))
    aws_client("dynamodb").delete_item(
        TableName=stack.tables.models, Key={"model_package_arn": {"S": f"endpoint#{name}"}}
    )


def _status(name: str) -> str:
    found = aws_client("sagemaker").list_endpoints(NameContains=name)["Endpoints"]
    return str(found[0]["EndpointStatus"]) if found else ""


def record_serving(stack: StackParameters, endpoint: str, **changes: str) -> None:
    folder = f"s3://{stack.buckets.models}/runs/{RUN_KEY}/baseline/"
    item = serving(**({"baseline_uri": folder, "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"} | changes))
    put_serving(aws_client("dynamodb"), stack.tables.models, endpoint, item)


def invoke(function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = boto3.client("lambda").invoke(FunctionName=f"vigil-{STACK}-{function}", Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def of_the_scheduler() -> set[str]:
    found = aws_client("scheduler").list_schedules(GroupName=f"vigil-{STACK}-monitoring")["Schedules"]
    return {schedule["Name"].removeprefix(f"vigil-{STACK}-") for schedule in found}


def of_model_monitor() -> dict[str, str]:
    found = aws_client("sagemaker").list_monitoring_schedules()["MonitoringScheduleSummaries"]
    return {one["MonitoringScheduleName"]: one["MonitoringJobDefinitionName"] for one in found}


def choose_home(home: str) -> None:
    aws_client("ssm").put_parameter(Name=f"/vigil/{STACK}/monitoring/home", Value=home, Type="String", Overwrite=True)


def windows(stack: StackParameters) -> list[WindowReport]:
    return MonitoringTable(aws_client("dynamodb"), stack.tables.monitoring).windows(stack.sagemaker.endpoint)


def test_a_window_goes_from_the_request_to_the_ledger(stack: StackParameters, endpoint: str) -> None:
    record_serving(stack, endpoint)
    aws_client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=b"{}", InferenceId="request-1"
    )
    captured = {"Bucket": stack.buckets.capture, "Prefix": f"captured/{endpoint}/champion/"}
    eventually(lambda: aws_client("s3").list_objects_v2(**captured)["KeyCount"])
    now = datetime.now(UTC).replace(microsecond=0)
    window = {"start": (now - timedelta(hours=2)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    order = {"monitor": "data-quality", "window": window}
    started = invoke("start-monitor", order)
    assert (started["status"], invoke("start-monitor", order)["status"]) == ("started", "joined")
    (report,) = eventually(lambda: windows(stack), within=60)
    assert (report.monitor, report.status, report.cases) == (Monitor.DATA_QUALITY, WindowStatus.OK, 1)
    old = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    assert invoke("start-monitor", {"monitor": "bias", "window": old})["status"] == "nothing-captured"
    eventually(lambda: len(windows(stack)) == 2)
    every = ledger_table(stack).read(f"model:{RUN_KEY}")  # also that the endpoint is not as recorded: the sweep's
    found = [record for record in every if record.event is EventName.WINDOW_MONITORED]
    assert [record.new["status"] for record in found] == ["ok", "too-few"]
    assert {record.actor.name for record in found} == {f"vigil-{STACK}-record-window"}
    assert all(len(record.details["document_digest"]) == 64 for record in found)
    good = report.model_copy(update={"cases": 900})  # whoever may put events says so; no monitor wrote it
    event = {"source": "vigil.monitoring", "detail-type": "Monitoring Window Completed"}
    answer = boto3.client("lambda").invoke(
        FunctionName=f"vigil-{STACK}-record-window",
        Payload=json.dumps(event | {"detail": good.model_dump(mode="json")}),
    )
    assert "says otherwise than its event: cases" in json.loads(answer["Payload"].read())["errorMessage"]
    assert len(windows(stack)) == 2


def test_the_schedulers_schedules_live_and_die_with_the_endpoint(stack: StackParameters, endpoint: str) -> None:
    assert invoke("watch-endpoint", {})["schedules"] == {}
    record_serving(stack, endpoint)
    assert set(invoke("watch-endpoint", {})["schedules"]) == MONITORS
    assert of_the_scheduler() == MONITORS
    aws_client("sagemaker").delete_endpoint(EndpointName=endpoint)
    eventually(lambda: not of_the_scheduler())


def test_model_monitors_schedules_follow_the_baseline_and_die_with_the_endpoint(
    stack: StackParameters, endpoint: str
) -> None:
    record_serving(stack, endpoint)
    invoke("watch-endpoint", {})
    choose_home("model-monitor")
    try:
        assert set(invoke("watch-endpoint", {})["schedules"].values()) == {"made"}
        first = of_model_monitor()
        assert set(first) == {f"vigil-{STACK}-{monitor}" for monitor in MONITORS}
        assert not of_the_scheduler()
        assert set(invoke("watch-endpoint", {})["schedules"].values()) == {"kept"}
        record_serving(stack, endpoint, baseline_digest="c" * 64)
        invoke("watch-endpoint", {})
        second = of_model_monitor()
        assert set(second) == set(first) and not set(second.values()) & set(first.values())
        bias = aws_client("sagemaker").describe_model_bias_job_definition(
            JobDefinitionName=second[f"vigil-{STACK}-bias"]
        )
        assert bias["RoleArn"] == stack.sagemaker.monitor_role
        assert bias["ModelBiasJobInput"]["EndpointInput"]["StartTimeOffset"] == "-PT168H"
        kept = aws_client("sagemaker").list_data_quality_job_definitions()["JobDefinitionSummaries"]
        assert [each["MonitoringJobDefinitionName"] for each in kept] == [second[f"vigil-{STACK}-data-quality"]]
        aws_client("sagemaker").delete_endpoint(EndpointName=endpoint)
        eventually(lambda: not of_model_monitor())
    finally:
        choose_home("scheduler")
