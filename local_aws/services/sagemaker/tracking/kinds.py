"""The kinds of entities that are kept and given back, and the rules that botocore's model does not tell.

Deletion rules: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteExperiment.html, API_DeleteTrial,
API_DeleteTrialComponent. Overwriting and merging: the member texts of the Update operations in botocore's model.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.tracking import links
from local_aws.services.sagemaker.tracking.catalogue import Document, Kind, Request, register


def _named(member: str) -> Any:
    """A display name is the name where none is given (API_CreateExperiment)."""

    def complete(document: Document) -> Document:
        return {"DisplayName": document[member], **document}

    return complete


def _check_experiment_is_empty(context: Context, document: Document) -> None:
    name = document["ExperimentName"]
    if any(trial["ExperimentName"] == name for trial in TRIAL.all(context)):
        raise validation_error(f"Experiment '{name}' has trials: delete them first.")


def _check_experiment_exists(context: Context, document: Document) -> None:
    EXPERIMENT.find(context, document["ExperimentName"])


def _check_trial_has_no_components(context: Context, document: Document) -> None:
    name = document["TrialName"]
    if any(link["Destination"] == name for link in links.all_links(context, links.TRIAL_COMPONENT)):
        raise validation_error(f"Trial '{name}' has trial components: disassociate them first.")


def _check_component_is_in_no_trial(context: Context, document: Document) -> None:
    name = document["TrialComponentName"]
    if any(link["Source"] == name for link in links.all_links(context, links.TRIAL_COMPONENT)):
        raise validation_error(f"Trial component '{name}' belongs to trials: disassociate it first.")


def _trial_selected(context: Context, request: Request, document: Document) -> bool:
    component = request.get("TrialComponentName")
    return component is None or links.linked(context, links.TRIAL_COMPONENT, component, document["TrialName"])


def _component_selected(context: Context, request: Request, document: Document) -> bool:
    name = document["TrialComponentName"]
    if source := request.get("SourceArn"):
        return bool(document.get("Source", {}).get("SourceArn") == source)
    if trial := request.get("TrialName"):
        return links.linked(context, links.TRIAL_COMPONENT, name, trial)
    if experiment := request.get("ExperimentName"):
        trials = [trial["TrialName"] for trial in TRIAL.all(context) if trial["ExperimentName"] == experiment]
        return any(links.linked(context, links.TRIAL_COMPONENT, name, trial) for trial in trials)
    return True


def artifact_id(request: Request) -> str:
    """An artifact is its source: the same source is the same artifact."""
    return hashlib.md5(json.dumps(request["Source"], sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def _endpoint_of_job(document: Document) -> Document:
    """The endpoint that a job definition watches, which lists filter by."""
    inputs = next(value for member, value in document.items() if member.endswith("JobInput"))
    endpoint = inputs.get("EndpointInput", {}).get("EndpointName")
    return {**document, "EndpointName": endpoint} if endpoint else document


EXPERIMENT = Kind(
    name="Experiment",
    key="ExperimentName",
    path="experiment",
    words="Experiment",
    complete=_named("ExperimentName"),
    check_deletion=_check_experiment_is_empty,
)
TRIAL = Kind(
    name="Trial",
    key="TrialName",
    path="experiment-trial",
    words="Trial",
    complete=_named("TrialName"),
    check_new=_check_experiment_exists,
    check_deletion=_check_trial_has_no_components,
    selected=_trial_selected,
)
TRIAL_COMPONENT = Kind(
    name="TrialComponent",
    key="TrialComponentName",
    path="experiment-trial-component",
    words="Trial component",
    merged=("Parameters", "InputArtifacts", "OutputArtifacts"),
    complete=_named("TrialComponentName"),
    check_deletion=_check_component_is_in_no_trial,
    selected=_component_selected,
)
ARTIFACT = Kind(
    name="Artifact",
    key="ArtifactArn",
    path="artifact",
    words="Artifact",
    identify=artifact_id,
    without=frozenset({"Delete"}),
)
CONTEXT = Kind(name="Context", key="ContextName", path="context", words="Context")
ACTION = Kind(name="Action", key="ActionName", path="action", words="Action")
LINEAGE = (ARTIFACT, CONTEXT, ACTION, TRIAL_COMPONENT, EXPERIMENT)
JOB_DEFINITIONS = {
    monitoring: Kind(
        name=f"{monitoring}JobDefinition",
        key="JobDefinitionName",
        path=path,
        words="Job definition",
        arn="JobDefinitionArn",
        taken="ResourceInUse",
        aliases={
            "MonitoringJobDefinitionName": "JobDefinitionName",
            "MonitoringJobDefinitionArn": "JobDefinitionArn",
        },
        complete=_endpoint_of_job,
    )
    for monitoring, path in {
        "DataQuality": "data-quality-job-definition",
        "ModelQuality": "model-quality-job-definition",
        "ModelBias": "model-bias-job-definition",
        "ModelExplainability": "model-explainability-job-definition",
    }.items()
}

for one in (EXPERIMENT, TRIAL, TRIAL_COMPONENT, ARTIFACT, CONTEXT, ACTION, *JOB_DEFINITIONS.values()):
    register(one)
