"""Artifacts, contexts, actions and the associations between them.

https://docs.aws.amazon.com/sagemaker/latest/dg/lineage-tracking.html; shapes and errors: botocore model
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack


@pytest.fixture
def api(server: LocalServer) -> Any:
    return server.client("sagemaker")


def artifact(api: Any, name: str, kind: str = "DataSet") -> str:
    source = {"SourceUri": f"s3://bucket/{name}"}
    return str(api.create_artifact(ArtifactName=name, Source=source, ArtifactType=kind)["ArtifactArn"])


@pytest.fixture
def chain(api: Any, name: str) -> list[str]:
    """Data that an action made into a model, which an endpoint's context holds."""
    data, model = artifact(api, f"{name}-data"), artifact(api, f"{name}-model", "Model")
    source = {"SourceUri": f"s3://bucket/{name}"}
    action = api.create_action(ActionName=name, Source=source, ActionType="Training")["ActionArn"]
    context = api.create_context(ContextName=name, Source=source, ContextType="Endpoint")["ContextArn"]
    chain = [data, action, model, context]
    for before, after in pairwise(chain):
        api.add_association(SourceArn=before, DestinationArn=after, AssociationType="ContributedTo")
    return chain


def test_an_artifact_is_its_source(api: Any, name: str) -> None:
    arn = artifact(api, name)
    with pytest.raises(ClientError, match="already exists"):
        artifact(api, name)
    api.update_artifact(ArtifactArn=arn, Properties={"rows": "7", "old": "1"}, PropertiesToRemove=["old"])
    assert api.describe_artifact(ArtifactArn=arn)["Properties"] == {"rows": "7"}
    listed = api.list_artifacts(SourceUri=f"s3://bucket/{name}")["ArtifactSummaries"]
    assert [one["ArtifactArn"] for one in listed] == [arn]
    assert api.list_artifacts(SourceUri=f"s3://bucket/{name}", ArtifactType="Model")["ArtifactSummaries"] == []
    assert api.delete_artifact(Source={"SourceUri": f"s3://bucket/{name}"})["ArtifactArn"] == arn
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.describe_artifact(ArtifactArn=arn)


def test_associations_are_listed_by_either_end_and_deleted(api: Any, chain: list[str], name: str) -> None:
    data, action, model, _ = chain
    (into,) = api.list_associations(DestinationArn=model)["AssociationSummaries"]
    assert (into["SourceArn"], into["SourceType"], into["SourceName"]) == (action, "Training", name)
    assert (into["DestinationType"], into["AssociationType"]) == ("Model", "ContributedTo")
    assert api.list_associations(SourceArn=data, DestinationType="Model")["AssociationSummaries"] == []
    api.delete_association(SourceArn=action, DestinationArn=model)
    assert api.list_associations(DestinationArn=model)["AssociationSummaries"] == []
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.delete_association(SourceArn=action, DestinationArn=model)


def test_only_what_exists_is_associated(api: Any, name: str) -> None:
    arn = artifact(api, name)
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.add_association(SourceArn=arn, DestinationArn=arn.replace("artifact/", "context/"))


def test_lineage_is_followed_in_a_direction_to_a_depth(api: Any, chain: list[str]) -> None:
    data, action, model, context = chain

    def query(start: str, **more: Any) -> set[str]:
        return {one["Arn"] for one in api.query_lineage(StartArns=[start], **more)["Vertices"]} - {start}

    assert query(model) == {data, action, context}
    assert query(model, Direction="Ascendants") == {action, data}
    assert query(model, Direction="Descendants") == {context}
    assert query(data, Direction="Descendants", MaxDepth=2) == {action, model}
    assert query(context, Filters={"LineageTypes": ["Artifact"]}) == {data, model}
    assert query(context, Filters={"Types": ["DataSet"]}) == {data}
    answer = api.query_lineage(StartArns=[model], Direction="Ascendants", IncludeEdges=True)
    assert {(edge["SourceArn"], edge["DestinationArn"]) for edge in answer["Edges"]} == {
        (data, action),
        (action, model),
    }
    assert {one["LineageType"] for one in answer["Vertices"]} == {"Artifact", "Action"}
