"""A challenger judged: the paired test's file, and captured answers in the form of SageMaker's data capture.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from candidate_evidence import real_plan
from captured_cases import capture_line, report, score
from ledger_reading import records

from vigil.approvals.errors import EvidenceError
from vigil.audit.models import Actor, model_chain
from vigil.aws.challenger import CompareEvent, ComparePorts, compare_challenger
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.objects import S3Uri
from vigil.aws.release_models import Champion, Pace, Release
from vigil.aws.shadow_evidence import ShadowPlaces, _spread, shadow_findings
from vigil.models.comparison import Compared, PairedComparison
from vigil.models.models import Measure, Measures

SINCE = datetime(2026, 3, 2, 9, 50, 30, tzinfo=UTC)
NOW = SINCE + timedelta(minutes=20)
RUN, PACKAGE = "1" * 12, "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/2"
PLAN = real_plan()
CHAMPION = Champion(
    model_package_arn="arn:of:package/1", run_key="0" * 12, artefact_digest="b" * 64, artefact_uri="s3://m/b",
    model_name="m", config_name="c", execution_arn="update-1",
)  # fmt: skip
NONE = Measure(value=None, low=None, high=None)


def release():
    pace = Pace(shadow_seconds=10, canary_percent=20, bake_seconds=10, termination_seconds=10, limit_seconds=600)
    return Release(
        key="0" * 12, run_key=RUN, request_id="apr-2", kind="promotion", model_package_arn=PACKAGE,
        artefact_digest="a" * 64, artefact_uri="s3://m/a", image="i", code_revision="c", dataset_version="d" * 64,
        dataset_uri="s3://d/", plan_digest=PLAN.digest, plan_uri="s3://m/p/", baseline_uri="s3://m/b/",
        comparison_uri="s3://m/c/", endpoint_name="triage", instance_type="ml.m5.large", capture_uri="s3://c",
        data_key="k", pace=pace, champion=CHAMPION,
    )  # fmt: skip


def comparison(high, **changes):
    difference = Measure(value=high - 0.01, low=high - 0.02, high=high)
    rest = {"average_precision": NONE, "brier": NONE, "calibration_error": NONE, "recall_at_capacity": NONE}
    measures = Measures(auroc=difference, **rest)
    one = {"dataset_version": "d" * 64, "measures": measures}
    fields = {
        "champion": Compared(artefact_digest="b" * 64, **one), "challenger": Compared(artefact_digest="a" * 64, **one),
        "difference": measures, "dataset_version": "d" * 64, "split": "test_next", "plan_digest": PLAN.digest,
        "cases": 500, "resamples": 10, "seed": 1,
    }  # fmt: skip
    return PairedComparison.model_validate(fields | changes).to_json()


def captured(variant, request, answers, moment=SINCE + timedelta(minutes=1), encoding="JSON"):
    """One record; SageMaker gives each its own event id, and the caller's inference id to both variants'."""
    reports = [report(case) for case in answers]
    scores = [score(case, probability) for case, probability in answers.items()]
    side = "BASE64" if encoding == "BASE64" else "JSON"
    return capture_line(reports, scores, inference_id=request, moment=moment, encoding=side)


def ground_truth(request, labels):
    data = {"data": json.dumps(labels), "encoding": "JSON"}
    return {"groundTruthData": data, "eventMetadata": {"eventId": request}, "eventVersion": "0"}


class CloudWatch:
    def __init__(self):
        self.asked, self.requests, self.errors, self.latency = [], 0, 0, {"champion": 1000.0, "challenger": 1500.0}

    def get_metric_statistics(self, **request):
        self.asked.append(request)
        variant = next(each["Value"] for each in request["Dimensions"] if each["Name"] == "VariantName")
        if not self.requests:
            return {"Datapoints": []}
        warm = {"Timestamp": SINCE + timedelta(minutes=1), "SampleCount": self.requests}
        if request["MetricName"] != "ModelLatency":
            counted = {"Invocations": self.requests, "Invocation5XXErrors": self.errors}[request["MetricName"]]
            return {"Datapoints": [warm | {"Sum": counted}]}
        cold = {"Timestamp": SINCE.replace(second=0), "SampleCount": 1, "Sum": 10**9}
        return {"Datapoints": [cold, warm | {"Sum": self.latency[variant] * self.requests}]}


class Bench:
    def __init__(self, stack):
        self.stack, self.cloudwatch, self.now = stack, CloudWatch(), NOW
        bucket = stack.parameters.buckets.capture
        self.places = ShadowPlaces("triage", S3Uri(bucket, "captured/triage/"), S3Uri(bucket, "ground-truth/triage/"))
        stack.evidence.keep_plan(PLAN)
        self.models = ServingRecords(stack.client("dynamodb"), stack.parameters.tables.models)

    def put(self, place, *lines):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        self.stack.put(f"s3://{self.stack.parameters.buckets.capture}/{place}", text.encode())

    def answers(self, requests, off=0.1):
        """Both variants' answers in two hours, two cases a request."""
        for variant, moved in (("champion", 0.0), ("challenger", off)):
            lines = [
                captured(
                    variant, f"r{n}", {f"{n}-a": 0.2 + moved, f"{n}-b": 0.7 - moved}, encoding=("JSON", "BASE64")[n % 2]
                )
                for n in range(requests)
            ]
            self.put(f"captured/triage/{variant}/2026/03/02/09/x.jsonl", *lines[::2])
            self.put(f"captured/triage/{variant}/2026/03/02/10/x.jsonl", *lines[1::2])

    def findings(self):
        return shadow_findings(self.places, SINCE, NOW, self.stack.client("s3"), self.cloudwatch)

    def judge(self, phase="shadow", uri=""):
        since = SINCE.isoformat() if phase == "shadow" else ""
        event = CompareEvent(
            phase=phase, release=release(), execution_arn="arn:of:update", comparison_uri=uri, since=since
        )
        ports = ComparePorts(
            self.stack.evidence, self.models, required_ledger(self.stack.parameters),
            Actor(name="compare-challenger", via="AWS Lambda", verified=True), lambda: self.now, self.places,
            self.stack.client("s3"), self.cloudwatch,
        )  # fmt: skip
        return compare_challenger(event, ports)

    def paired(self, content):
        return self.judge(
            "paired-test", self.stack.put(f"s3://{self.stack.parameters.buckets.models}/runs/1/c.json", content)
        )


@pytest.fixture
def bench(stack):
    return Bench(stack)


def test_answers_of_both_are_paired_by_their_request_over_hours_and_encodings(bench):
    bench.answers(30, off=0.1)
    bench.cloudwatch.requests = 30
    found = bench.findings()
    assert (found.requests, found.pairs, found.cases, found.mean_difference) == (30, 30, 60, 0.1)
    assert (found.champion_latency, found.challenger_latency) == (1000.0, 1500.0)
    assert found.auroc_difference is None


def test_what_only_one_has_answered_and_what_came_before_are_no_pairs(bench):
    early = SINCE - timedelta(seconds=10)
    both = {"a": 0.5}
    ours = [captured("champion", "1", both), captured("champion", "2", both), captured("champion", "3", both, early)]
    theirs = [captured("challenger", "1", {"b": 0.1}), captured("challenger", "3", both, early), "no json", "[]", "{}"]
    bench.put("captured/triage/champion/2026/03/02/09/x.jsonl", *ours)
    bench.put("captured/triage/challenger/2026/03/02/09/x.jsonl", *theirs)
    found = bench.findings()
    assert (found.pairs, found.cases, found.mean_difference) == (1, 0, None)
    assert found.unreadable == 3, "answers that are none"


def test_labels_that_are_no_yes_or_no_are_none(bench):
    bench.answers(2)
    bench.put("ground-truth/triage/2026/03/02/10/x.jsonl", ground_truth("r0", {"0-a": "0"}))
    assert bench.findings().labelled == 0


def test_of_too_many_answers_some_are_read_evenly_over_the_time(bench, monkeypatch):
    monkeypatch.setattr("vigil.aws.shadow_evidence.MOST_OBJECTS", 2)
    for hour, minute in (("09", 10), ("10", 12), ("10", 14), ("10", 16)):
        for variant in ("champion", "challenger"):
            line = captured(variant, f"r{minute}", {"a": 0.5}, SINCE + timedelta(minutes=minute))
            bench.put(f"captured/triage/{variant}/2026/03/02/{hour}/{minute}.jsonl", line)
    assert bench.findings().pairs == 2
    assert _spread([(str(n), 1) for n in range(4)]) == [("0", 1), ("2", 1)]
    monkeypatch.setattr("vigil.aws.shadow_evidence.MOST_BYTES", 0)
    assert bench.findings().pairs == 0


def test_a_shadow_that_cannot_be_read_is_not_judged_and_that_is_recorded(bench):
    def away(**request):
        raise ClientError({"Error": {"Code": "InternalServiceFault", "Message": "away"}}, "GetMetricStatistics")

    bench.cloudwatch.get_metric_statistics = away
    found = bench.judge()
    assert (found.verdict, "could not be read (ClientError)" in found.reason) == ("not-judged", True)
    (record,) = records(bench.stack, model_chain(RUN))
    assert record.new["verdict"] == "not-judged"


def test_labels_that_have_arrived_give_the_paired_test(bench):
    labels = [ground_truth(f"r{n}", {f"{n}-a": False, f"{n}-b": True}) for n in range(30)]
    bench.answers(30, off=0.4)
    bench.put("ground-truth/triage/2026/03/02/10/x.jsonl", *labels, {"groundTruthData": {"data": "no"}})
    found = bench.findings()
    assert found.labelled == 60
    assert found.auroc_difference.value == -1.0


def test_metrics_are_asked_in_periods_that_cloudwatch_gives(bench):
    shadow_findings(bench.places, SINCE, SINCE + timedelta(days=3), bench.stack.client("s3"), bench.cloudwatch)
    for asked in bench.cloudwatch.asked:
        assert asked["Period"] % 60 == 0
        assert (asked["EndTime"] - asked["StartTime"]).total_seconds() / asked["Period"] <= 1440


def test_a_failing_challenger_is_turned_away_and_that_is_recorded_once(bench):
    bench.cloudwatch.requests, bench.cloudwatch.errors = 30, 9
    assert bench.judge().verdict == "turned-away"
    bench.cloudwatch.errors, bench.now = 0, NOW + timedelta(minutes=1)
    assert bench.judge().verdict == "turned-away", "figures move on, a judgement does not"
    (record,) = records(bench.stack, model_chain(RUN))
    assert (record.event, record.new["verdict"], record.new["errors"]) == ("challenger.compared", "turned-away", 9)
    assert record.details["phase"] == "shadow"
    shown = json.loads(bench.models.package(PACKAGE)["shadow"])
    assert (shown["verdict"], shown["champion_package"]) == ("turned-away", CHAMPION.model_package_arn)


def test_with_few_requests_it_is_said_that_nothing_was_judged(bench):
    assert bench.judge().verdict == "not-judged"


@pytest.mark.parametrize(("high", "verdict"), [(-0.02, "turned-away"), (0.01, "passed")])
def test_the_paired_test_is_judged_by_the_plan_and_kept_for_people(bench, high, verdict):
    assert bench.paired(comparison(high)).verdict == verdict
    shown = json.loads(bench.models.package(PACKAGE)["paired_test"])
    assert (shown["verdict"], shown["difference"]["auroc"]["high"]) == (verdict, high)
    (record,) = records(bench.stack, model_chain(RUN))
    assert record.new["comparison_digest"] == shown["comparison_digest"]


@pytest.mark.parametrize(
    "changes",
    [{"plan_digest": "9" * 64}, {"dataset_version": "9" * 64}, {"champion": "challenger"}, {"challenger": "champion"}],
    ids=["plan", "dataset", "champion", "challenger"],
)
def test_a_comparison_of_other_things_is_refused(bench, changes):
    whole = json.loads(comparison(0.0))
    changed = {name: whole.get(value, value) for name, value in changes.items()}
    with pytest.raises(EvidenceError, match=f"the comparison's {next(iter(changes)).split('_')[0]} is"):
        bench.paired(json.dumps(whole | changed).encode())
    assert records(bench.stack, model_chain(RUN)) == []


def test_a_comparison_that_is_not_there_is_an_error(bench):
    with pytest.raises(EvidenceError, match="cannot be read"):
        bench.judge("paired-test", f"s3://{bench.stack.parameters.buckets.models}/runs/none.json")
