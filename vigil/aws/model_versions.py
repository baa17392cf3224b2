"""The versions of the model on AWS: the registry, the models table, the approvals' public facts and the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.public_request import read_public
from vigil.aws.endpoint_state import endpoint_state
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.pinning import run_key
from vigil.models.versions import ModelVersion, ModelVersions, Signed, VersionStatus

RECORDED = (VersionStatus.ACTIVE, VersionStatus.RETIRED)


@dataclass(frozen=True)
class VersionSources:
    """``table``: the models table. ``requests``: as the desk gives them, newest first (``Desk.requests``)."""

    dynamodb: Any
    sagemaker: Any
    table: str
    group: str
    endpoint: str
    requests: Callable[[], Sequence[Mapping[str, object]]]


def version_sources(
    parameters: StackParameters, requests: Callable[[], Sequence[Mapping[str, object]]]
) -> VersionSources:
    return VersionSources(
        dynamodb=aws_client("dynamodb"),
        sagemaker=aws_client("sagemaker"),
        table=parameters.tables.models,
        group=parameters.sagemaker.model_package_group,
        endpoint=parameters.sagemaker.endpoint,
        requests=requests,
    )


def model_versions(sources: VersionSources) -> ModelVersions:
    """Every registered version, newest first, and what serves."""
    recorded = _recorded(sources)
    asked = read_requests(sources.requests())
    versions = tuple(
        _version(package, recorded.get(str(package["ModelPackageArn"]), {}), asked) for package in _packages(sources)
    )
    endpoint = endpoint_state(
        sources.sagemaker, sources.endpoint, recorded.get(f"endpoint#{sources.endpoint}", {}), versions
    )
    return ModelVersions(endpoint=endpoint, versions=tuple(_with_baseline(each, endpoint) for each in versions))


def read_requests(rows: Iterable[Mapping[str, object]]) -> list[ApprovalRequest]:
    """The rows that can be read: one that cannot must not hide the others."""
    found = []
    for row in rows:
        try:
            found.append(read_public(row))
        except ValidationError:
            continue
    return found


def _recorded(sources: VersionSources) -> dict[str, dict[str, str]]:
    """The models table by its key: a few items for each version that was ever in service."""
    pages = sources.dynamodb.get_paginator("scan").paginate(TableName=sources.table, ConsistentRead=True)
    items = [
        {name: str(next(iter(value.values()))) for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]
    return {item["model_package_arn"]: item for item in items}


def _packages(sources: VersionSources) -> list[dict[str, Any]]:
    pages = sources.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=sources.group, SortBy="CreationTime", SortOrder="Descending"
    )
    arns = [summary["ModelPackageArn"] for page in pages for summary in page["ModelPackageSummaryList"]]
    return [sources.sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns]


def _version(package: Mapping[str, Any], item: Mapping[str, str], asked: Sequence[ApprovalRequest]) -> ModelVersion:
    arn, digests = str(package["ModelPackageArn"]), dict(package.get("CustomerMetadataProperties", {}))
    mine = [request for request in asked if request.facts.model_package_arn == arn]
    request = _telling(mine)
    execution = digests.get("execution_arn")
    facts = request.facts.model_dump(mode="json", exclude={"verdict"}) if request else digests
    return ModelVersion(
        model_package_arn=arn,
        version=int(package.get("ModelPackageVersion") or arn.rpartition("/")[2]),
        status=_status(str(package.get("ModelApprovalStatus", "")), item.get("status")),
        registered_at=package["CreationTime"],
        changed_at=item.get("changed_at"),  # type: ignore[arg-type]
        run_key=request.run_key if request else execution and run_key(execution),
        execution_arn=execution,
        requested_by=facts.get("requested_by"),
        approval_request_id=request.request_id if request else None,
        signatures=tuple(_signed(request)) if request else (),
        figures={each.name: each.measured for each in request.facts.verdict.criteria} if request else {},
        baseline_digest=item.get("baseline_digest"),
        rollback_request_id=next((each.request_id for each in mine if _is_open_rollback(each)), None),
        note=str(package.get("ApprovalDescription", "")),
        **{name: facts.get(name) for name in DIGESTS},
    )


DIGESTS = ("dataset_version", "artefact_digest", "evaluation_digest", "plan_digest", "code_revision")


def _telling(requests: Sequence[ApprovalRequest]) -> ApprovalRequest | None:
    """Of the version's own way into service, not of a roll-back to it: the request that was used, else the newest."""
    own = [request for request in requests if not _is_rollback(request)]
    return next((each for each in own if each.applied_by is not None), own[0] if own else None)


def _is_rollback(request: ApprovalRequest) -> bool:
    return request.facts.rollback is not None


def _is_open_rollback(request: ApprovalRequest) -> bool:
    return _is_rollback(request) and request.status is Status.PENDING


def _signed(request: ApprovalRequest) -> list[Signed]:
    return [
        Signed.model_validate(each.model_dump(mode="json", include=set(Signed.model_fields)))
        for each in request.signatures
    ]


def _status(registry: str, recorded: str | None) -> VersionStatus:
    """A version that served and was rejected since may not come back: the registry's word outweighs RETIRED."""
    known = VersionStatus(recorded) if recorded else None
    if known is VersionStatus.ACTIVE or (known in RECORDED and registry != VersionStatus.REJECTED):
        return known or VersionStatus.ACTIVE
    return VersionStatus(registry)


def _with_baseline(version: ModelVersion, endpoint: Any) -> ModelVersion:
    if version.baseline_digest is None and version.model_package_arn == endpoint.active_package:
        return version.model_copy(update={"baseline_digest": endpoint.baseline_digest})
    return version
