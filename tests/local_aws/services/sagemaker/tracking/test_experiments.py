"""Experiments, trials, trial components and their metrics.

botocore model: the operations' shapes, errors and member texts; deletion rules: API_DeleteExperiment, API_DeleteTrial.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture
def api(server: LocalServer) -> Any:
    return server.client("sagemaker")


def test_an_experiment_is_created_described_changed_and_deleted(api: Any, name: str) -> None:
    created = api.create_experiment(ExperimentName=name, Description="one", Tags=[{"Key": "team", "Value": "ml"}])
    assert created["ExperimentArn"] == f"{ARN}:experiment/{name}"
    described = api.describe_experiment(ExperimentName=name)
    assert (described["DisplayName"], described["Description"]) == (name, "one")
    assert api.list_tags(ResourceArn=created["ExperimentArn"])["Tags"] == [{"Key": "team", "Value": "ml"}]
    api.update_experiment(ExperimentName=name, DisplayName="shown")
    described = api.describe_experiment(ExperimentName=name)
    assert (described["DisplayName"], described["Description"]) == ("shown", "one")
    assert described["LastModifiedTime"] >= described["CreationTime"]
    assert api.delete_experiment(ExperimentName=name)["ExperimentArn"] == created["ExperimentArn"]
    with pytest.raises(api.exceptions.ResourceNotFound, match=f"Experiment '{name}' does not exist"):
        api.describe_experiment(ExperimentName=name)
    assert api.list_tags(ResourceArn=created["ExperimentArn"])["Tags"] == []


def test_a_name_is_taken_once(api: Any, name: str) -> None:
    api.create_experiment(ExperimentName=name)
    with pytest.raises(ClientError, match="already exists") as refused:
        api.create_experiment(ExperimentName=name)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_what_holds_others_is_not_deleted(api: Any, name: str) -> None:
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.create_trial(TrialName=name, ExperimentName=name)
    api.create_experiment(ExperimentName=name)
    api.create_trial(TrialName=name, ExperimentName=name)
    api.create_trial_component(TrialComponentName=name)
    link = {"TrialComponentName": name, "TrialName": name}
    assert api.associate_trial_component(**link)["TrialArn"] == f"{ARN}:experiment-trial/{name}"
    for delete in (
        lambda: api.delete_experiment(ExperimentName=name),
        lambda: api.delete_trial(TrialName=name),
        lambda: api.delete_trial_component(TrialComponentName=name),
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            delete()
    api.disassociate_trial_component(**link)
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.disassociate_trial_component(**link)
    api.delete_trial_component(TrialComponentName=name)
    api.delete_trial(TrialName=name)
    api.delete_experiment(ExperimentName=name)


def test_lists_are_filtered_by_what_belongs_together_sorted_and_paged(api: Any, name: str) -> None:
    api.create_experiment(ExperimentName=name)
    api.create_trial(TrialName=name, ExperimentName=name)
    for number in (2, 1, 3):
        api.create_trial_component(TrialComponentName=f"{name}-{number}")
        if number != 3:
            api.associate_trial_component(TrialComponentName=f"{name}-{number}", TrialName=name)
    for filters in ({"TrialName": name}, {"ExperimentName": name}):
        listed = api.list_trial_components(**filters, SortBy="Name", SortOrder="Ascending")["TrialComponentSummaries"]
        assert [one["TrialComponentName"] for one in listed] == [f"{name}-1", f"{name}-2"]
    first = api.list_trial_components(TrialName=name, MaxResults=1)
    second = api.list_trial_components(TrialName=name, MaxResults=1, NextToken=first["NextToken"])
    assert [one["TrialComponentSummaries"][0]["TrialComponentName"] for one in (first, second)] == [
        f"{name}-1",
        f"{name}-2",
    ]
    assert "NextToken" not in second
    assert [one["TrialName"] for one in api.list_trials(TrialComponentName=f"{name}-1")["TrialSummaries"]] == [name]
    assert api.list_trials(ExperimentName="nothing")["TrialSummaries"] == []
    future = datetime(2100, 1, 1, tzinfo=UTC)
    assert api.list_experiments(CreatedAfter=future)["ExperimentSummaries"] == []


def test_parameters_are_merged_and_removed(api: Any, name: str) -> None:
    api.create_trial_component(TrialComponentName=name, Parameters={"a": {"NumberValue": 1}, "b": {"NumberValue": 2}})
    api.update_trial_component(
        TrialComponentName=name, Parameters={"c": {"StringValue": "x"}}, ParametersToRemove=["a"]
    )
    parameters = api.describe_trial_component(TrialComponentName=name)["Parameters"]
    assert parameters == {"b": {"NumberValue": 2.0}, "c": {"StringValue": "x"}}


def test_metrics_are_summed_up(server: LocalServer, api: Any, name: str) -> None:
    api.create_trial_component(TrialComponentName=name)
    metrics = server.client("sagemaker-metrics")
    values = [3.0, 1.0, 2.0, 6.0]
    for step, value in enumerate(values):
        data = {"MetricName": "loss", "Timestamp": datetime(2026, 1, 1, 0, step, tzinfo=UTC), "Value": value}
        assert metrics.batch_put_metrics(TrialComponentName=name, MetricData=[{**data, "Step": step}])["Errors"] == []
    (summary,) = api.describe_trial_component(TrialComponentName=name)["Metrics"]
    assert (summary["Count"], summary["Min"], summary["Max"], summary["Last"]) == (4, 1.0, 6.0, 6.0)
    assert summary["Avg"] == pytest.approx(3.0)
    assert summary["StdDev"] == pytest.approx((14 / 4) ** 0.5)
    refused = metrics.batch_put_metrics(TrialComponentName="nothing", MetricData=[data, data])["Errors"]
    assert refused == [{"Code": "VALIDATION_ERROR", "MetricIndex": index} for index in (0, 1)]
