"""Associations between artifacts, actions, contexts and trial components, and questions about what led to what.

https://docs.aws.amazon.com/sagemaker/latest/dg/lineage-tracking.html, API_QueryLineage, API_DeleteArtifact
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, Required, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.tracking import links
from local_aws.services.sagemaker.tracking.catalogue import PAGE, Document, Kind
from local_aws.services.sagemaker.tracking.kinds import ARTIFACT, LINEAGE, artifact_id

DEPTH, QUERY_PAGE = 10, 50
SUMMARY = (
    "SourceArn",
    "DestinationArn",
    "SourceType",
    "DestinationType",
    "AssociationType",
    "SourceName",
    "DestinationName",
    "CreationTime",
)
FILTERS = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")


class Association(TypedDict):
    SourceArn: str
    DestinationArn: str
    AssociationType: NotRequired[str]


class QueryLineageRequest(TypedDict, total=False):
    StartArns: list[str]
    Direction: str
    IncludeEdges: bool
    Filters: dict[str, Any]
    MaxDepth: int
    MaxResults: int
    NextToken: str


class QueryLineageResponse(TypedDict, total=False):
    Vertices: Required[list[dict[str, str]]]
    Edges: Required[list[dict[str, str]]]
    NextToken: str


@operation("sagemaker", "DeleteArtifact")
def delete_artifact(aws: Context, request: dict[str, Any]) -> dict[str, str]:
    """By its ARN or by its source."""
    if "ArtifactArn" not in request and "Source" not in request:
        raise validation_error("Either ArtifactArn or Source must be given.")
    with aws.store.transaction():
        artifact = ARTIFACT.find(aws, request.get("ArtifactArn") or artifact_id(request))
        arn = str(artifact["ArtifactArn"])
        aws.store.delete(ARTIFACT.store_kind, arn.rsplit("/", 1)[-1])
        tags.forget(aws, arn)
    return {"ArtifactArn": arn}


@operation("sagemaker", "AddAssociation")
def add_association(aws: Context, request: Association) -> Association:
    source, destination = request["SourceArn"], request["DestinationArn"]
    with aws.store.transaction():
        for arn in (source, destination):
            _entity(aws, arn)
        kind = request.get("AssociationType", "AssociatedWith")
        links.add(aws, links.ASSOCIATION, source, destination, AssociationType=kind)
    return {"SourceArn": source, "DestinationArn": destination}


@operation("sagemaker", "DeleteAssociation")
def delete_association(aws: Context, request: Association) -> Association:
    source, destination = request["SourceArn"], request["DestinationArn"]
    links.remove(aws, links.ASSOCIATION, source, destination)
    return {"SourceArn": source, "DestinationArn": destination}


@operation("sagemaker", "ListAssociations")
def list_associations(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    found = [_described(aws, link) for link in links.all_links(aws, links.ASSOCIATION)]
    wanted = [
        one for one in found if all(one.get(member) == request[member] for member in FILTERS if member in request)
    ]
    after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
    wanted = [one for one in wanted if _between(one["CreationTime"], after, before)]
    by = request.get("SortBy", "CreationTime")
    for one in wanted:
        one["Order"] = str(one.get(by, ""))
    ordered = {"MaxResults": PAGE, **request, "SortBy": "CreationTime" if by == "CreationTime" else "Name"}
    page, more = select(wanted, ordered, name="Order", summary=only(*SUMMARY))
    return {"AssociationSummaries": page, **more}


@operation("sagemaker", "QueryLineage")
def query_lineage(aws: Context, request: QueryLineageRequest) -> QueryLineageResponse:
    """Breadth first from the start; without one, every entity that is associated with another."""
    edges = links.all_links(aws, links.ASSOCIATION)
    starts = request.get("StartArns", [])
    for arn in starts:
        _entity(aws, arn)
    reached = _walk(starts, edges, request) if starts else {end: 0 for edge in edges for end in _ends(edge)}
    vertices = [vertex for arn in reached if (vertex := _vertex(aws, arn, request.get("Filters", {}))) is not None]
    offset, size = int(request.get("NextToken") or 0), request.get("MaxResults") or QUERY_PAGE
    page = vertices[offset : offset + size]
    walked = [edge for edge in edges if edge["Source"] in reached and edge["Destination"] in reached]
    shown = [_edge(edge) for edge in walked] if request.get("IncludeEdges", True) else []
    answer: QueryLineageResponse = {"Vertices": page, "Edges": shown}
    if offset + size < len(vertices):
        answer["NextToken"] = str(offset + size)
    return answer


def _walk(starts: list[str], edges: list[Document], request: QueryLineageRequest) -> dict[str, int]:
    """ARNs in the order in which they are reached, with their distance from the start."""
    direction = request.get("Direction", "Both")
    reached = dict.fromkeys(starts, 0)
    for depth in range(1, request.get("MaxDepth", DEPTH) + 1):
        border = [arn for arn, at in reached.items() if at == depth - 1]
        for edge in edges:
            source, destination = _ends(edge)
            if direction != "Ascendants" and source in border:
                reached.setdefault(destination, depth)
            if direction != "Descendants" and destination in border:
                reached.setdefault(source, depth)
    return reached


def _vertex(context: Context, arn: str, filters: Mapping[str, Any]) -> dict[str, str] | None:
    try:
        kind, document = _entity(context, arn)
    except ApiError:
        return None
    vertex = {"Arn": arn, "Type": _type(kind, document), "LineageType": kind.name}
    if vertex["Type"] not in filters.get("Types", [vertex["Type"]]):
        return None
    if kind.name not in filters.get("LineageTypes", [kind.name]):
        return None
    properties = document.get("Properties", {})
    if any(properties.get(key) != value for key, value in filters.get("Properties", {}).items()):
        return None
    created = _between(document["CreationTime"], filters.get("CreatedAfter"), filters.get("CreatedBefore"))
    modified = _between(document["LastModifiedTime"], filters.get("ModifiedAfter"), filters.get("ModifiedBefore"))
    return vertex if created and modified else None


def _entity(context: Context, arn: str) -> tuple[Kind, Document]:
    """Raises ``ResourceNotFound``."""
    path = arn.split(":", 5)[-1].split("/", 1)[0]
    for kind in LINEAGE:
        if kind.path == path:
            return kind, kind.find(context, arn)
    raise ApiError("ResourceNotFound", f"'{arn}' does not exist.")


def _described(context: Context, link: Document) -> Document:
    described = {**_edge(link), "CreationTime": link["CreationTime"]}
    for end in ("Source", "Destination"):
        try:
            kind, document = _entity(context, link[end])
        except ApiError:
            continue
        name = document.get(f"{kind.name}Name")
        described |= {f"{end}Type": _type(kind, document), **({f"{end}Name": name} if name else {})}
    return described


def _type(kind: Kind, document: Document) -> str:
    return str(document.get(f"{kind.name}Type", kind.name))


def _edge(link: Document) -> dict[str, Any]:
    source, destination = _ends(link)
    return {"SourceArn": source, "DestinationArn": destination, "AssociationType": link["AssociationType"]}


def _ends(link: Document) -> tuple[str, str]:
    return link["Source"], link["Destination"]


def _between(moment: datetime, after: datetime | None, before: datetime | None) -> bool:
    return not (after and moment < after) and not (before and moment > before)
