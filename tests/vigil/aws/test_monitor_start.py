"""What `start_monitor` does with what serves and what was captured. SageMaker's jobs are stood in for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from candidate_evidence import real_plan
from moto_stack import MotoStack
from pydantic import ValidationError
from watched_model import ARTEFACT, BASELINE, NOON, PLAN_DIGEST, WEEK, capture, label, serving

from vigil.aws import monitoring_events
from vigil.aws.captured_data import HOUR
from vigil.aws.monitor_jobs import MOST_ATTEMPTS, MonitorJobFailedError
from vigil.aws.monitor_orders import MonitorAnswer, MonitorOrder, Started
from vigil.aws.monitor_start import StartPorts, start
from vigil.aws.window_documents import read_window
from vigil.monitoring.contract import read_order
from vigil.monitoring.jobs import BASELINE_INPUT
from vigil.monitoring.models import Monitor, Window, WindowReport, WindowStatus


class Jobs:
    """SageMaker's processing jobs, as far as they matter here; each request is checked against botocore's model."""

    def __init__(self) -> None:
        self.requests: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, str] = {}
        model = botocore.session.get_session().get_service_model("sagemaker")
        self._shape = model.operation_model("CreateProcessingJob").input_shape

    def create_processing_job(self, **request: Any) -> None:
        report = ParamValidator().validate(request, self._shape)
        assert not report.has_errors(), report.generate_report()
        assert all(len(value) <= 256 for value in request["Environment"].values())
        name = request["ProcessingJobName"]
        assert len(name) <= 63
        if name in self.requests:
            raise ClientError({"Error": {"Code": "ResourceInUse", "Message": "exists"}}, "CreateProcessingJob")
        self.requests[name], self.statuses[name] = request, "InProgress"

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 spells it
        return {"ProcessingJobStatus": self.statuses[ProcessingJobName], "ExitMessage": "no baseline at this place"}


class Events:
    def __init__(self, failed: int = 0) -> None:
        self.entries: list[dict[str, Any]] = []
        self._failed = failed

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 spells it
        self.entries += Entries
        return {"FailedEntryCount": self._failed, "Entries": [{"ErrorCode": "ThrottlingException"}] * self._failed}


Ask = Callable[..., MonitorAnswer]


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def ask(stack: MotoStack, jobs: Jobs, events: Events) -> Ask:
    def asked(item: dict[str, str] | None = None, **order: Any) -> MonitorAnswer:
        ports = StartPorts(stack.client("s3"), jobs, events, serving() if item is None else item, lambda: NOON)
        return start(MonitorOrder.model_validate({"window": WEEK} | order), stack.parameters, ports)

    return asked


def test_a_job_is_started_once_for_the_same_data_and_joined_by_whoever_asks_again(
    stack: MotoStack, ask: Ask, jobs: Jobs
) -> None:
    capture(stack, NOON - HOUR)
    first = ask(monitor="data-quality")
    assert first.status is Started.STARTED
    jobs.statuses[first.job_name or ""] = "Completed"
    again = ask(monitor="data-quality")
    assert (again.status, again.job_name) == (Started.JOINED, first.job_name)
    assert len(jobs.requests) == 1


def test_the_job_is_told_what_the_analyzer_needs(stack: MotoStack, ask: Ask, jobs: Jobs) -> None:
    """The environment of vigil.monitoring.contract; Model Monitor's names of it are AWS's (byoc-contract-inputs)."""
    capture(stack, NOON - HOUR)
    label(stack, NOON)
    answer = ask(monitor="model-quality")
    request = jobs.requests[answer.job_name or ""]
    told = request["Environment"]
    bucket = stack.parameters.buckets.capture
    assert told | {"dataset_format": "", "output_path": "", "baseline_constraints": "", "baseline_statistics": ""} == {
        "VIGIL_STACK": "unit", "dataset_format": "", "output_path": "", "baseline_constraints": "",
        "baseline_statistics": "", "dataset_source": f"s3://{bucket}/captured/triage/",
        "ground_truth_source": f"s3://{bucket}/ground-truth/triage/", "start_time": "2026-03-02T12:00:00Z",
        "end_time": "2026-03-09T12:00:00Z", "sagemaker_endpoint_name": "triage",
        "publish_cloudwatch_metrics": "Enabled", "vigil_monitor": "model-quality",
        "vigil_report_uri": f"s3://{bucket}/reports/triage/model-quality/{WEEK.key}/",
        "vigil_artefact_uri": serving()["artefact_uri"], "vigil_artefact_digest": ARTEFACT,
        "vigil_baseline_uri": serving()["baseline_uri"], "vigil_baseline_digest": BASELINE,
        "vigil_plan_digest": PLAN_DIGEST,
    }  # fmt: skip
    assert told["baseline_constraints"].endswith("/baseline/model-quality/constraints.json")
    order = read_order(told)
    assert (order.window, order.report_uri, order.monitor) == (WEEK, answer.output_uri, Monitor.MODEL_QUALITY)
    (baseline,) = request["ProcessingInputs"]
    assert baseline["S3Input"]["LocalPath"] == f"/opt/ml/{BASELINE_INPUT}"
    assert request["AppSpecification"]["ContainerEntrypoint"] == ["python", "-m", "tasks.sagemaker", "monitor"]
    assert request["RoleArn"] == stack.parameters.sagemaker.monitor_role
    cluster = request["ProcessingResources"]["ClusterConfig"]
    assert cluster["VolumeKmsKeyId"] == stack.parameters.keys.data
    assert request["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600


def test_more_labels_make_another_job_for_what_needs_labels_and_for_nothing_else(
    stack: MotoStack, ask: Ask, jobs: Jobs
) -> None:
    capture(stack, NOON - HOUR)
    before = {monitor: ask(monitor=monitor).job_name for monitor in Monitor}
    label(stack, NOON)
    after = {monitor: ask(monitor=monitor).job_name for monitor in Monitor}
    assert {monitor for monitor in Monitor if before[monitor] != after[monitor]} == {
        Monitor.MODEL_QUALITY,
        Monitor.BIAS,
    }


def test_another_model_in_service_is_another_job(stack: MotoStack, ask: Ask) -> None:
    capture(stack, NOON - HOUR)
    first = ask(monitor="bias").job_name
    assert ask(serving(artefact_digest="c" * 64), monitor="bias").job_name != first


def test_a_job_that_failed_is_tried_again_under_the_next_name_and_not_for_ever(
    stack: MotoStack, ask: Ask, jobs: Jobs
) -> None:
    capture(stack, NOON - HOUR)
    names = []
    for _ in range(MOST_ATTEMPTS):
        answer = ask(monitor="attribution")
        names.append(answer.job_name or "")
        jobs.statuses[names[-1]] = "Failed"
    assert names == [names[0], f"{names[0]}-2", f"{names[0]}-3"]
    with pytest.raises(MonitorJobFailedError, match="no baseline at this place"):
        ask(monitor="attribution")


def test_the_longest_name_of_a_stack_fits(
    stack: MotoStack, ask: Ask, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIL_STACK", "a" * 20)
    capture(stack, NOON - HOUR)
    names = [ask(monitor=monitor).job_name or "" for monitor in Monitor] + [
        ask(kind="merge-ground-truth").job_name or ""
    ]
    assert max(map(len, names)) <= 63 - len("-3")


def test_without_a_window_it_is_the_plans_last_whole_one_before_the_scheduled_time(stack: MotoStack, ask: Ask) -> None:
    plan = real_plan()
    stack.evidence.keep_plan(plan)
    capture(stack, NOON - 2 * HOUR)
    answer = ask(monitor="attribution", window=None, scheduled_time="2026-03-09T12:00:00Z")
    assert answer.window is not None
    assert answer.window.end == NOON - HOUR  # what was captured in the last minutes may not have arrived yet
    assert answer.window.end - answer.window.start == timedelta(
        seconds=plan.modification_protocol.monitoring.window_seconds
    )


def test_what_needs_labels_looks_so_far_back_that_they_have_come(stack: MotoStack, ask: Ask) -> None:
    stack.evidence.keep_plan(real_plan())
    back = timedelta(seconds=real_plan().modification_protocol.monitoring.labels_come_within_seconds)
    assert back == timedelta(days=7)
    ends = {
        monitor: window.end
        for monitor in Monitor
        if (window := ask(monitor=monitor, window=None, scheduled_time=NOON.isoformat()).window)
    }
    assert ends[Monitor.DATA_QUALITY] == ends[Monitor.ATTRIBUTION] == NOON - HOUR
    assert ends[Monitor.MODEL_QUALITY] == ends[Monitor.BIAS] == NOON - HOUR - back


def test_a_look_at_the_last_window_tells_of_the_one_before_it_once_labels_came_after_its_end(
    stack: MotoStack, ask: Ask
) -> None:
    stack.evidence.keep_plan(real_plan())
    served = serving(since="2026-02-01T00:00:00.000000Z")
    end = NOON - HOUR - timedelta(days=7)
    label(stack, end + HOUR)
    assert ask(served, kind="look", window=None).older == ()  # nothing was captured in it
    capture(stack, end - 2 * HOUR)
    (older,) = ask(served, kind="look", window=None).older
    assert older == Window(start=end - timedelta(days=7), end=end)
    assert ask(served, kind="look").older == ()  # whoever names a window means that one
    assert ask(serving(since=f"{end:%Y-%m-%dT%H:%M:%S.%fZ}"), kind="look", window=None).older == ()


def test_a_window_in_which_nothing_was_captured_is_reported_and_announced_as_no_all_clear(
    stack: MotoStack, ask: Ask, jobs: Jobs, events: Events
) -> None:
    answer = ask(monitor="model-quality")
    assert (answer.status, answer.job_name, jobs.requests) == (Started.NOTHING_CAPTURED, None, {})
    (entry,) = events.entries
    assert (entry["Source"], entry["DetailType"]) == ("vigil.monitoring", "Monitoring Window Completed")
    told = WindowReport.model_validate_json(entry["Detail"])
    assert (told.status, told.cases, told.window) == (WindowStatus.TOO_FEW, 0, WEEK)
    assert told.labels is not None and told.labels.coverage is None
    assert read_window(told, stack.parameters, stack.client("s3"), serving())[0] == told


def test_an_announcement_that_is_refused_fails_so_that_it_is_asked_again(
    stack: MotoStack, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring_events, "ATTEMPTS", 1)
    ports = StartPorts(stack.client("s3"), jobs, Events(failed=1), serving(), lambda: NOON)
    with pytest.raises(monitoring_events.AnnouncementError, match="ThrottlingException"):
        start(MonitorOrder(monitor=Monitor.BIAS, window=WEEK), stack.parameters, ports)


def test_what_nobody_can_mend_by_asking_again_is_an_answer(ask: Ask, jobs: Jobs, events: Events) -> None:
    assert ask({}, monitor="bias").status is Started.NOTHING_SERVES
    old = {name: value for name, value in serving().items() if not name.startswith("baseline")}
    answer = ask(old, monitor="bias")
    assert answer.status is Started.NO_BASELINE
    assert "baseline_digest, baseline_uri" in answer.explanation
    assert (jobs.requests, events.entries) == ({}, [])


def test_the_merge_is_a_job_of_its_own_and_announces_nothing(
    stack: MotoStack, ask: Ask, jobs: Jobs, events: Events
) -> None:
    assert ask(kind="merge-ground-truth").status is Started.NOTHING_CAPTURED
    capture(stack, NOON - HOUR)
    answer = ask(kind="merge-ground-truth")
    request = jobs.requests[answer.job_name or ""]
    assert request["AppSpecification"]["ContainerEntrypoint"][-1] == "merge-ground-truth"
    assert read_order(request["Environment"]).merged_uri == answer.output_uri
    assert answer.output_uri == f"s3://{stack.parameters.buckets.capture}/merged/triage/{WEEK.key}/"
    assert events.entries == []


@pytest.mark.parametrize(
    "order",
    [{}, {"monitor": "bias", "kind": "merge-ground-truth"}, {"monitor": "speed"}, {"monitor": "bias", "more": 1}],
    ids=json.dumps,
)
def test_an_order_that_says_nothing_or_too_much_is_refused(order: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MonitorOrder.model_validate(order)
