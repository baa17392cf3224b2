"""The analyzer as a processing job on a server that enforces roles: from an endpoint's own capture to the event.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-containers.html
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from captured_cases import label_line
from local_server import LocalServer, aws_variables, eventually
from promoted_model import Promoted, promote

from vigil.aws import monitoring_places
from vigil.aws.environment import StackParameters, aws_client, load_parameters
from vigil.aws.objects import S3Uri, list_prefix, put_bytes, put_file
from vigil.models.curated import CuratedSplit
from vigil.monitoring.contract import STAMP
from vigil.monitoring.models import Monitor, Window, WindowReport, WindowStatus

pytestmark = pytest.mark.stack

REPOSITORY = Path(__file__).resolve().parents[3]
VIGIL = str(Path(sys.executable).parent / "vigil")
STACK, RUN = "watched", "run-1"
IMAGE, KILLED = (f"localhost/{name}@sha256:{'0a' * 32}" for name in ("vigil-ml", "vigil-ml-killed"))
REQUESTS, CASES_OF_A_REQUEST = 5, 100
CLUSTER = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}}


@dataclass(frozen=True)
class Watched:
    """A deployed stack with an endpoint that has answered ``REQUESTS`` requests within ``window``."""

    parameters: StackParameters
    promoted: Promoted
    window: Window
    inbox: str

    def environment(self, monitor: Monitor) -> dict[str, str]:
        endpoint, capture = self.parameters.sagemaker.endpoint, self.parameters.buckets.capture
        return {
            "dataset_source": f"{monitoring_places.captured(self.parameters)}{endpoint}/",
            "ground_truth_source": str(monitoring_places.ground_truth(self.parameters, endpoint)),
            "dataset_format": '{"sagemakerCaptureJson": {}}',
            "output_path": "/opt/ml/processing/output",
            "start_time": f"{self.window.start:{STAMP}}",
            "end_time": f"{self.window.end:{STAMP}}",
            "sagemaker_endpoint_name": endpoint,
            "publish_cloudwatch_metrics": "Enabled",
            "vigil_merged_uri": f"s3://{capture}/merged/{endpoint}/",
            **self.pinned(monitor),
        }

    def pinned(self, monitor: Monitor) -> dict[str, str]:
        """What the environment holds whatever creates the job."""
        endpoint, capture = self.parameters.sagemaker.endpoint, self.parameters.buckets.capture
        return {
            "vigil_monitor": str(monitor),
            "vigil_report_uri": f"s3://{capture}/reports/{endpoint}/{monitor}/",
            "vigil_baseline_uri": str(monitoring_places.baseline(self.parameters, RUN)),
            "vigil_baseline_digest": self.promoted.baseline.digest,
            "vigil_artefact_uri": str(self.artefact),
            "vigil_artefact_digest": self.promoted.baseline.artefact_digest,
            "vigil_plan_digest": self.promoted.plan.digest,
        }

    @property
    def artefact(self) -> S3Uri:
        return S3Uri(self.parameters.buckets.models, "artefacts/model.tar.gz")

    def run(self, monitor: Monitor, image: str = IMAGE) -> dict[str, Any]:
        """One processing job, as ``start_monitor`` creates it; how it ended."""
        name = f"{monitor}-{uuid.uuid4().hex[:8]}"
        aws_client("sagemaker").create_processing_job(
            ProcessingJobName=name,
            ProcessingResources=CLUSTER,
            AppSpecification={"ImageUri": image, "ContainerArguments": ["monitor"]},
            Environment=self.environment(monitor),
            RoleArn=self.parameters.sagemaker.monitor_role,
        )
        return eventually(lambda: self._ended(name), within=120) or {}

    def events(self) -> list[WindowReport]:
        """Reports that have come to the bus since the last look."""
        found = []
        while True:
            answer = aws_client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                aws_client("sqs").delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                assert (event["source"], event["detail-type"]) == ("vigil.monitoring", "Monitoring Window Completed")
                found.append(WindowReport.model_validate(event["detail"]))

    def the_event(self) -> WindowReport:
        (found,) = eventually(self.events, within=20)
        return found

    def reports(self, monitor: Monitor) -> list[str]:
        place = monitoring_places.report(self.parameters, self.parameters.sagemaker.endpoint, monitor, self.window)
        return list_prefix(place)

    @staticmethod
    def _ended(name: str) -> dict[str, Any] | None:
        job: dict[str, Any] = aws_client("sagemaker").describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    promoted = promote(folder / "job", folder / "dataset")
    killed = folder / "image.toml"
    program = REPOSITORY / "tests/support/killed_analyzer.py"
    killed.write_text(
        f'[image]\nname = "vigil-ml-killed"\nworkdir = "{REPOSITORY}"\nentrypoint = ["python", "{program}"]\n'
    )
    images = [REPOSITORY / "containers/ml/image.toml", killed]
    with (
        LocalServer(folder / "local_aws", images=images, options=["--iam", "enforce"]) as server,
        aws_variables(server.url),
    ):
        os.environ["VIGIL_STACK"] = STACK
        aws_client.cache_clear()
        command = [VIGIL, "stack", "deploy", "--stack", STACK, "--image", IMAGE, "--allow-unknown-plan-author"]
        command += ["--registry-url", (folder / "registry.git").as_uri()]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        parameters = load_parameters()
        made = Watched(parameters, promoted, _window(), _inbox())
        _promote(made)
        _serve(made)
        _ask(made)
        yield made
        aws_client.cache_clear()


def _window() -> Window:
    """The hour before and after now: whatever the minute, all requests lie in it."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Window(start=now - timedelta(hours=1), end=now + timedelta(hours=1))


def _inbox() -> str:
    """A queue that gets what the default bus is told."""
    queue = str(aws_client("sqs").create_queue(QueueName="inbox")["QueueUrl"])
    attributes = aws_client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    arn = attributes["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    aws_client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    pattern = json.dumps({"source": ["vigil.monitoring"]})
    aws_client("events").put_rule(Name="inbox", EventPattern=pattern)
    aws_client("events").put_targets(Rule="inbox", Targets=[{"Id": "inbox", "Arn": arn}])
    return queue


def _promote(made: Watched) -> None:
    place = monitoring_places.baseline(made.parameters, RUN)
    for path in made.promoted.folder.rglob("*.json"):
        put_file(path, place / path.relative_to(made.promoted.folder).as_posix())
    put_file(made.promoted.archive, made.artefact)


def _serve(made: Watched) -> None:
    """As ``update-endpoint`` does, with capture."""
    sagemaker, role, name = aws_client("sagemaker"), made.parameters.sagemaker.role, made.parameters.sagemaker.endpoint
    container = {
        "Image": IMAGE,
        "ModelDataUrl": str(made.artefact),
        "Environment": {"VIGIL_ARTEFACT_DIGEST": made.promoted.baseline.artefact_digest},
    }
    sagemaker.create_model(ModelName="model-1", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "champion", "ModelName": "model-1", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="config-1",
        ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": str(monitoring_places.captured(made.parameters)),
            "KmsKeyId": made.parameters.keys.data,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="config-1")
    eventually(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService", within=90)


def _ask(made: Watched) -> None:
    """Requests of cases like the baseline's, and their labels; returns when all is captured."""
    split, endpoint = CuratedSplit(made.promoted.dataset, "test"), made.parameters.sagemaker.endpoint
    reports, labels, lines = list(split), split.labels(), []
    for number in range(REQUESTS):
        rows = range(number * CASES_OF_A_REQUEST, (number + 1) * CASES_OF_A_REQUEST)
        body = {"cases": [reports[row].model_dump(mode="json") for row in rows]}
        aws_client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Body=json.dumps(body),
            InferenceId=f"request-{number}",
        )
        lines.append(label_line(f"request-{number}", {reports[row].case_id: bool(labels[row]) for row in rows}))
    now = datetime.now(UTC)
    place = monitoring_places.ground_truth(made.parameters, endpoint) / f"{now:%Y/%m/%d/%H}/labels.jsonl"
    put_bytes("\n".join(lines).encode(), place)
    captured = monitoring_places.captured(made.parameters)

    def lines_captured() -> int:
        keys = list_prefix(captured)
        bodies = (aws_client("s3").get_object(Bucket=captured.bucket, Key=captured.key + key)["Body"] for key in keys)
        return sum(len(body.read().splitlines()) for body in bodies)

    eventually(lambda: lines_captured() == REQUESTS, within=60)


def test_what_an_endpoint_captured_becomes_reports_metrics_and_one_event(watched: Watched) -> None:
    job = watched.run(Monitor.MODEL_QUALITY)
    assert job["ProcessingJobStatus"] == "Completed", job.get("ExitMessage")
    assert job["ExitMessage"].startswith("Completed: 500 cases, 0 violations")
    told = watched.the_event()
    assert (told.status, told.cases, told.window) == (WindowStatus.OK, 500, watched.window)
    assert told.labels is not None and told.labels.coverage == 1.0
    assert told.measures["auroc"].value is not None
    assert {"statistics.json", "constraint_violations.json", "window.json"} <= set(watched.reports(told.monitor))
    dimensions = [
        {"Name": "Endpoint", "Value": told.endpoint},
        {"Name": "MonitoringSchedule", "Value": f"{told.endpoint}-model-quality"},
    ]
    found = aws_client("cloudwatch").list_metrics(Namespace="Vigil/Monitoring", Dimensions=dimensions)["Metrics"]
    assert {"auroc", "violations", "coverage"} <= {metric["MetricName"] for metric in found}


def test_an_analyzer_killed_half_way_tells_nothing_and_the_next_run_tells_once(watched: Watched) -> None:
    job = watched.run(Monitor.BIAS, KILLED)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "window.json" in watched.reports(Monitor.BIAS)
    assert watched.events() == []
    job = watched.run(Monitor.BIAS)
    assert job["ProcessingJobStatus"] == "Completed", job.get("ExitMessage")
    told = watched.the_event()
    assert (told.monitor, told.cases) == (Monitor.BIAS, 500)


def test_a_schedule_of_model_monitor_runs_the_same_analyzer(watched: Watched) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringJobDefinition.html"""
    parameters, name = watched.parameters, f"{watched.parameters.sagemaker.endpoint}-data-quality"
    baseline = monitoring_places.baseline(parameters, RUN)
    output = {"S3Uri": f"s3://{parameters.buckets.capture}/model-monitor", "LocalPath": "/opt/ml/processing/output"}
    definition = {
        "BaselineConfig": {
            "ConstraintsResource": {"S3Uri": f"{baseline}data-quality/constraints.json"},
            "StatisticsResource": {"S3Uri": f"{baseline}data-quality/statistics.json"},
        },
        "MonitoringInputs": [
            {"EndpointInput": {"EndpointName": parameters.sagemaker.endpoint, "LocalPath": "/opt/ml/processing/input"}}
        ],
        "MonitoringOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "MonitoringResources": CLUSTER,
        "MonitoringAppSpecification": {"ImageUri": IMAGE, "ContainerArguments": ["monitor"]},
        "Environment": {"publish_cloudwatch_metrics": "Enabled", **watched.pinned(Monitor.DATA_QUALITY)},
        "RoleArn": parameters.sagemaker.monitor_role,
    }
    now = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT1H"}
    sagemaker = aws_client("sagemaker")
    sagemaker.create_monitoring_schedule(
        MonitoringScheduleName=name,
        MonitoringScheduleConfig={"ScheduleConfig": now, "MonitoringJobDefinition": definition},
    )

    def ended() -> dict[str, Any] | None:
        found = sagemaker.list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"]
        busy = ("Pending", "InProgress", "Stopping")
        return found[0] if found and found[0]["MonitoringExecutionStatus"] not in busy else None

    execution = eventually(ended, within=120)
    assert execution is not None
    assert execution["MonitoringExecutionStatus"] == "Completed", execution.get("FailureReason")
    told = watched.the_event()
    assert (told.monitor, told.status, told.cases) == (Monitor.DATA_QUALITY, WindowStatus.OK, 500)
    found = aws_client("cloudwatch").list_metrics(Namespace="/aws/sagemaker/Endpoint/data-metrics")["Metrics"]
    assert "violations" in {metric["MetricName"] for metric in found}
