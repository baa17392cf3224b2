"""Search over what SageMaker keeps, and the operations of its neighbourhood that are refused.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Required, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import records, tags
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.listing import page
from local_aws.services.sagemaker.search_filters import SearchExpression, check, names_in, satisfies, values_of
from local_aws.services.sagemaker.tracking import links
from local_aws.services.sagemaker.tracking.catalogue import members_of
from local_aws.services.sagemaker.tracking.kinds import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from local_aws.services.sagemaker.tracking.model_cards import CARD


@dataclass(frozen=True)
class Searched:
    """``member`` of a SearchRecord; ``kind`` in the store; ``arn`` the member by which tags are kept."""

    member: str
    kind: str
    arn: str


RESOURCES = {
    "TrainingJob": Searched("TrainingJob", records.TRAINING_JOB, "TrainingJobArn"),
    "HyperParameterTuningJob": Searched("HyperParameterTuningJob", records.TUNING_JOB, "HyperParameterTuningJobArn"),
    "Experiment": Searched("Experiment", EXPERIMENT.store_kind, "ExperimentArn"),
    "ExperimentTrial": Searched("Trial", TRIAL.store_kind, "TrialArn"),
    "ExperimentTrialComponent": Searched("TrialComponent", TRIAL_COMPONENT.store_kind, "TrialComponentArn"),
    "Endpoint": Searched("Endpoint", records.ENDPOINT, "EndpointArn"),
    "Model": Searched("Model", records.MODEL, "ModelArn"),
    "ModelPackage": Searched("ModelPackage", records.MODEL_PACKAGE, "ModelPackageArn"),
    "ModelPackageGroup": Searched("ModelPackageGroup", records.MODEL_PACKAGE_GROUP, "ModelPackageGroupArn"),
    "ModelCard": Searched("ModelCard", CARD.store_kind, "ModelCardArn"),
}
#: Names of properties that stand for elements of other members.
ELEMENTS = {"Metrics", "Parents", "Tags"}


class SearchRequest(TypedDict, total=False):
    Resource: Required[str]
    SearchExpression: SearchExpression
    SortBy: str
    SortOrder: str
    NextToken: str
    MaxResults: int
    CrossAccountFilterOption: str
    VisibilityConditions: list[Any]


class SearchResponse(TypedDict, total=False):
    Results: list[dict[str, Any]]
    NextToken: str
    TotalHits: dict[str, Any]


@operation("sagemaker", "Search")
def search(aws: Context, request: SearchRequest) -> SearchResponse:
    searched = RESOURCES.get(request["Resource"])
    if searched is None:
        raise validation_error(f"local_aws does not search {request['Resource']}: it searches {', '.join(RESOURCES)}.")
    if request.get("CrossAccountFilterOption") == "CrossAccount" or request.get("VisibilityConditions"):
        raise validation_error(
            "local_aws has one account: leave CrossAccountFilterOption and VisibilityConditions out."
        )
    expression = request.get("SearchExpression")
    by = request.get("SortBy", "LastModifiedTime")
    _check_names(searched, [by, *(names_in(expression) if expression else [])])
    if expression is not None:
        check(expression)
    found = [one for one in _documents(aws, searched) if expression is None or satisfies(one, expression)]
    found = _ordered(found, by, descending=request.get("SortOrder", "Descending") == "Descending")
    chosen, more = page(found, cast(Mapping[str, Any], request))
    results = [{searched.member: _record(searched, one)} for one in chosen]
    hits = {"Value": len(found), "Relation": "EqualTo"}
    return cast(SearchResponse, {"Results": results, "TotalHits": hits, **more})


@operation("sagemaker", "CreateModelCardExportJob")
def create_model_card_export_job(aws: Context, request: Mapping[str, Any]) -> None:
    raise validation_error("local_aws does not export model cards as PDF: read the Content of DescribeModelCard.")


@operation("sagemaker-metrics", "BatchGetMetrics")
def batch_get_metrics(aws: Context, request: Mapping[str, Any]) -> None:
    raise validation_error(
        "local_aws keeps summaries of metrics, not their series: read Metrics of DescribeTrialComponent."
    )


def _documents(context: Context, searched: Searched) -> list[dict[str, Any]]:
    """Documents as their SearchRecord has them: with tags, and trial components with their parents."""
    found = []
    parents = _parents(context) if searched.member == "TrialComponent" else {}
    for _, document in context.store.list(searched.kind):
        labels = tags.read(context, document[searched.arn])
        document["Tags"] = [{"Key": key, "Value": value} for key, value in labels.items()]
        document.setdefault("LastModifiedTime", document.get("CreationTime"))
        if searched.member == "TrialComponent":
            document["Parents"] = parents.get(document["TrialComponentName"], [])
        found.append(document)
    return found


def _parents(context: Context) -> dict[str, list[dict[str, str]]]:
    experiments = {trial["TrialName"]: trial["ExperimentName"] for trial in TRIAL.all(context)}
    parents: dict[str, list[dict[str, str]]] = {}
    for link in links.all_links(context, links.TRIAL_COMPONENT):
        trial = link["Destination"]
        if trial in experiments:
            parent = {"TrialName": trial, "ExperimentName": experiments[trial]}
            parents.setdefault(link["Source"], []).append(parent)
    return parents


def _shape(searched: Searched) -> Mapping[str, Any]:
    """The members that the record of a resource has; a model's record is one of the dashboard, around the model."""
    record: Any = members_of("Search")["Results"].member.members[searched.member]
    members: Mapping[str, Any] = record.members["Model"].members if searched.member == "Model" else record.members
    return members


def _check_names(searched: Searched, names: list[str]) -> None:
    known = {*_shape(searched), *ELEMENTS, "LastModifiedTime"}
    for name in names:
        if name.split(".", 1)[0] not in known:
            raise validation_error(f"Unknown property name: {name}")


def _record(searched: Searched, document: dict[str, Any]) -> dict[str, Any]:
    shape = _shape(searched)
    shown = {member: value for member, value in document.items() if member in shape}
    return {"Model": shown} if searched.member == "Model" else shown


def _ordered(documents: list[dict[str, Any]], by: str, *, descending: bool) -> list[dict[str, Any]]:
    """Those that do not have the property come last in either order."""
    having = [one for one in documents if values_of(one, by)]
    without = [one for one in documents if not values_of(one, by)]
    having.sort(key=lambda one: _comparable(values_of(one, by)[0]), reverse=descending)
    return having + without


def _comparable(value: Any) -> tuple[int, float, str]:
    """Numbers and times before texts; numbers that are texts (hyperparameters) as numbers."""
    if isinstance(value, datetime):
        return 0, value.timestamp(), ""
    try:
        return 0, float(value), ""
    except (TypeError, ValueError):
        return 1, 0.0, str(value)
