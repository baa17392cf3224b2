"""Search: operators, nested filters, subexpressions, order and pages.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html and API_Filter.html; botocore model
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError, Context
from local_aws.services.sagemaker import records, search, tags
from local_aws.services.sagemaker.search_filters import satisfies
from local_aws.services.sagemaker.tracking import links
from local_aws.services.sagemaker.tracking.kinds import TRIAL, TRIAL_COMPONENT

MOMENT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3Uri": uri}}}


@pytest.fixture
def trained(context: Context) -> Context:
    """Jobs a, b and c: one hour and 0.1 of accuracy apart; b is tagged."""
    for number, name in enumerate("abc"):
        document = {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:{name}",
            "TrainingJobStatus": "Failed" if name == "c" else "Completed",
            "HyperParameters": {"depth": str(number + 8)},
            "FinalMetricDataList": [{"MetricName": "accuracy", "Value": 0.7 + number / 10}],
            "InputDataConfig": [channel("train", f"s3://b/{name}"), channel("test", "s3://b/a")],
            "CreationTime": MOMENT + timedelta(hours=number),
            "LastModifiedTime": MOMENT + timedelta(hours=number),
            **({"FailureReason": "AlgorithmError"} if name == "c" else {}),
        }
        context.store.put(records.TRAINING_JOB, name, document)
    tags.keep(context, "arn:b", [{"Key": "team", "Value": "risk"}])
    return context


def names(context: Context, **request: Any) -> str:
    answer = search.search(context, {"Resource": "TrainingJob", "SortOrder": "Ascending", **request})  # type: ignore[typeddict-item]
    return "".join(one["TrainingJob"]["TrainingJobName"] for one in answer["Results"])


@pytest.mark.parametrize(
    ("name", "operator", "value", "found"),
    [
        ("TrainingJobStatus", None, "Completed", "ab"),
        ("TrainingJobStatus", "NotEquals", "Completed", "c"),
        ("TrainingJobName", "In", "a, c", "ac"),
        ("TrainingJobName", "Contains", "b", "b"),
        ("FailureReason", "Exists", None, "c"),
        ("FailureReason", "NotExists", None, "ab"),
        ("Metrics.accuracy", "GreaterThan", "0.75", "bc"),
        ("Metrics.accuracy", "LessThanOrEqualTo", "0.7", "a"),
        ("HyperParameters.depth", "GreaterThanOrEqualTo", "9", "bc"),
        ("HyperParameters.depth", "LessThan", "10", "ab"),
        ("CreationTime", "GreaterThan", "2026-03-04T12:30:00", "bc"),
        ("Tags.team", "Equals", "risk", "b"),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "b/c", "c"),
    ],
)
def test_each_operator(trained: Context, name: str, operator: str | None, value: str | None, found: str) -> None:
    members = {"Name": name, "Operator": operator, "Value": value}
    one = {member: given for member, given in members.items() if given is not None}
    assert names(trained, SearchExpression={"Filters": [one]}) == found


def test_a_nested_filter_is_about_one_element(trained: Context) -> None:
    pair = [
        {"Name": "InputDataConfig.ChannelName", "Value": "train"},
        {"Name": "InputDataConfig.DataSource.S3DataSource.S3Uri", "Value": "s3://b/a"},
    ]
    nested = {"NestedPropertyName": "InputDataConfig", "Filters": pair}
    assert names(trained, SearchExpression={"NestedFilters": [nested]}) == "a"
    assert names(trained, SearchExpression={"Filters": pair}) == "abc"


def test_expressions_nest(trained: Context) -> None:
    failed = {"Filters": [{"Name": "TrainingJobStatus", "Value": "Failed"}]}
    good = {"Filters": [{"Name": "Metrics.accuracy", "Operator": "LessThan", "Value": "0.75"}]}
    assert names(trained, SearchExpression={"SubExpressions": [failed, good], "Operator": "Or"}) == "ac"
    assert names(trained, SearchExpression={"SubExpressions": [failed, good]}) == ""


def test_order_and_pages(trained: Context) -> None:
    assert names(trained, SortOrder="Descending") == "cba"
    assert names(trained, SortBy="HyperParameters.depth") == "abc"
    first = search.search(trained, {"Resource": "TrainingJob", "MaxResults": 2})
    assert first["TotalHits"] == {"Value": 3, "Relation": "EqualTo"}
    assert names(trained, SortOrder="Descending", MaxResults=2, NextToken=first["NextToken"]) == "a"


def test_trial_components_are_found_by_their_experiment(context: Context) -> None:
    arns = "arn:aws:sagemaker:us-east-1:123456789012:"
    TRIAL.put(context, {"TrialName": "t", "TrialArn": f"{arns}experiment-trial/t", "ExperimentName": "x"})
    for name in ("in", "out"):
        arn = f"{arns}experiment-trial-component/{name}"
        TRIAL_COMPONENT.put(context, {"TrialComponentName": name, "TrialComponentArn": arn, "CreationTime": MOMENT})
    links.add(context, links.TRIAL_COMPONENT, "in", "t")
    expression: Any = {"Filters": [{"Name": "Parents.ExperimentName", "Value": "x"}]}
    answer = search.search(context, {"Resource": "ExperimentTrialComponent", "SearchExpression": expression})
    assert [one["TrialComponent"]["TrialComponentName"] for one in answer["Results"]] == ["in"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"Resource": "FeatureGroup"}, "does not search FeatureGroup"),
        ({"SearchExpression": {}}, "at least one"),
        ({"SearchExpression": {"Filters": [{"Name": "Colour", "Value": "red"}]}}, "Unknown property name: Colour"),
        ({"SearchExpression": {"Filters": [{"Name": "TrainingJobName"}]}}, "needs a Value"),
        (
            {"SearchExpression": {"Filters": [{"Name": "TrainingJobName", "Operator": "LessThan", "Value": "x"}]}},
            "not supported for text",
        ),
        ({"CrossAccountFilterOption": "CrossAccount"}, "one account"),
    ],
)
def test_what_cannot_be_searched_is_refused(trained: Context, request_: dict[str, Any], reason: str) -> None:
    with pytest.raises(ApiError, match=reason):
        names(trained, **request_)


@given(value=st.integers(-5, 5), bound=st.integers(-5, 5))
def test_opposite_operators_divide_the_numbers(value: int, bound: int) -> None:
    def holds(operator: str) -> bool:
        one: Any = {"Name": "HyperParameters.x", "Operator": operator, "Value": str(bound)}
        return satisfies({"HyperParameters": {"x": str(value)}}, {"Filters": [one]})

    assert holds("GreaterThan") != holds("LessThanOrEqualTo")
    assert holds("LessThan") != holds("GreaterThanOrEqualTo")
    assert holds("GreaterThanOrEqualTo") == (holds("GreaterThan") or value == bound)
