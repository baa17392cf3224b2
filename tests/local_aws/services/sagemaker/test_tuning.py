"""Hyperparameter tuning jobs as a caller sees them.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually

pytestmark = pytest.mark.stack
METRICS = [{"Name": "score", "Regex": r"score=([0-9.]+);"}]
X = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}]}


class Tunings:
    def __init__(self, server: LocalServer) -> None:
        self.api = server.client("sagemaker")

    def start(self, name: str, ranges: dict[str, Any], jobs: int, parallel: int = 1, **config: Any) -> str:
        answer = self.api.create_hyper_parameter_tuning_job(**request(name, ranges, jobs, parallel, **config))
        return str(answer["HyperParameterTuningJobArn"])

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.api.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name))

    def ended(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.describe(name)
            return None if job["HyperParameterTuningJobStatus"] in ("InProgress", "Stopping") else job

        return eventually(look, within=60)

    def trials(self, name: str, **options: Any) -> list[dict[str, Any]]:
        answer = self.api.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **options)
        return list(answer["TrainingJobSummaries"])


def request(name: str, ranges: dict[str, Any], jobs: int, parallel: int = 1, **config: Any) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": ranges,
            "RandomSeed": 11,
            **config,
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"do": "print a score"},
            "AlgorithmSpecification": {
                "TrainingImage": "fake",
                "TrainingInputMode": "File",
                "MetricDefinitions": METRICS,
            },
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
            "OutputDataConfig": {"S3OutputPath": "s3://jobs/models/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
        "Tags": [{"Key": "stage", "Value": "test"}],
    }


def qualities(*values: str) -> dict[str, Any]:
    return {"CategoricalParameterRanges": [{"Name": "quality", "Values": list(values)}]}


@pytest.fixture
def tunings(server: LocalServer) -> Tunings:
    return Tunings(server)


def test_bayesian_tuning_finds_the_best_training_job(tunings: Tunings, name: str) -> None:
    arn = tunings.start(name, X, 6, 2, Strategy="Bayesian")
    job = tunings.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 6
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}
    listed = tunings.trials(name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    scores = [one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for one in listed]
    assert scores == sorted(scores, reverse=True)
    best = job["BestTrainingJob"]
    assert best["TrainingJobName"] == listed[0]["TrainingJobName"]
    x = float(best["TunedHyperParameters"]["x"])
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == pytest.approx(1 - (x - 0.3) ** 2)
    # Its training jobs are ordinary ones, named as AWS names them.
    training = tunings.api.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert re.fullmatch(rf"{name}-00[1-6]-[0-9a-f]{{8}}", training["TrainingJobName"])
    assert training["TuningJobArn"] == arn
    assert training["HyperParameters"]["_tuning_objective_metric"] == "score"
    assert training["HyperParameters"]["do"] == "print a score"
    assert tunings.api.list_tags(ResourceArn=training["TrainingJobArn"])["Tags"][0]["Key"] == "stage"
    summaries = tunings.api.list_hyper_parameter_tuning_jobs(NameContains=name)["HyperParameterTuningJobSummaries"]
    assert (summaries[0]["Strategy"], summaries[0]["HyperParameterTuningJobStatus"]) == ("Bayesian", "Completed")


def test_a_training_job_that_falls_behind_is_stopped_early(tunings: Tunings, name: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html"""
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "quality", "Values": ["good", "hopeless"]},
            {"Name": "x", "Values": ["0.1", "0.3", "0.5"]},
        ]
    }
    tunings.start(name, ranges, 6, Strategy="Grid", TrainingJobEarlyStoppingType="Auto")
    job = tunings.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["TrainingJobStatusCounters"]["Stopped"] == 3
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"quality": "good", "x": "0.3"}
    stopped = tunings.trials(name, StatusEquals="Stopped")
    assert {one["TunedHyperParameters"]["quality"] for one in stopped} == {"hopeless"}


def test_a_target_that_is_reached_ends_the_job(tunings: Tunings, name: str) -> None:
    criteria = {"TargetObjectiveMetricValue": 0.5}
    tunings.start(name, X, 50, TuningJobCompletionCriteria=criteria)
    job = tunings.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] < 5


def test_a_tuning_job_whose_training_jobs_all_fail_fails(tunings: Tunings, name: str) -> None:
    tunings.start(name, {**X, **qualities("broken")}, 9, 2)
    job = tunings.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert re.match(r"No training job succeeded after [5-6] attempts\.", job["FailureReason"])
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] >= 5
    assert "BestTrainingJob" not in job


def test_stopping_a_tuning_job_stops_its_training_jobs(tunings: Tunings, name: str) -> None:
    """Two training jobs run, one waits for a slot; the tuning job itself holds none."""
    tunings.start(name, {**X, **qualities("slow")}, 5, 3)
    eventually(lambda: len(tunings.trials(name)) == 3)
    tunings.api.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert tunings.ended(name)["HyperParameterTuningJobStatus"] == "Stopped"
    assert {one["TrainingJobStatus"] for one in tunings.trials(name)} == {"Stopped"}
    with pytest.raises(ClientError, match="in status Stopped"):
        tunings.api.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    tunings.api.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(tunings.api.exceptions.ResourceNotFound):
        tunings.describe(name)


def test_a_killed_server_goes_on_tuning(start_server: Callable[..., LocalServer]) -> None:
    """With the one slot that there is by default."""
    server = start_server()
    tunings = Tunings(server)
    tunings.start("one", X, 4)
    eventually(lambda: len(tunings.trials("one")) == 2)
    before = [(one["TrainingJobName"], one["TunedHyperParameters"]) for one in tunings.trials("one")]
    server.kill()
    server.start()
    job = tunings.ended("one")
    assert (job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]["Completed"]) == ("Completed", 4)
    after = [(one["TrainingJobName"], one["TunedHyperParameters"]) for one in tunings.trials("one")]
    assert len(after) == 4
    assert after[:2] == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"HyperParameterTuningJobConfig": {"Strategy": "Hyperband"}}, "not by Hyperband"),
        ({"HyperParameterTuningJobConfig": {"Strategy": "Grid"}}, "categorical hyperparameters only"),
        (
            {"HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": 1}}},
            "MaxNumberOfTrainingJobs must be given",
        ),
        (
            {
                "HyperParameterTuningJobConfig": {
                    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "loss"}
                }
            },
            "is not one of the MetricDefinitions",
        ),
        ({"TrainingJobDefinition": {"StaticHyperParameters": {"x": "1"}}}, "both static and tuned"),
        ({"TrainingJobDefinition": {"StoppingCondition": {"MaxRuntimeInSeconds": 9_999_999}}}, "28 days"),
        (
            {
                "WarmStartConfig": {
                    "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "a"}],
                    "WarmStartType": "TransferLearning",
                }
            },
            "leave WarmStartConfig out",
        ),
        ({"Autotune": {"Mode": "Enabled"}}, "leave Autotune"),
    ],
)
def test_what_cannot_be_done_is_refused(tunings: Tunings, name: str, change: dict[str, Any], reason: str) -> None:
    wanted = copy.deepcopy(request(name, X, 2))
    for member, value in change.items():
        wanted[member] = {**wanted.get(member, {}), **value}
    with pytest.raises(ClientError, match=reason) as refused:
        tunings.api.create_hyper_parameter_tuning_job(**wanted)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_is_used_once_whatever_its_case(tunings: Tunings, name: str) -> None:
    tunings.start(name, X, 1)
    with pytest.raises(tunings.api.exceptions.ResourceInUse):
        tunings.start(name.upper(), X, 1)
    tunings.ended(name)
