"""AssociateTrialComponent and DisassociateTrialComponent.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AssociateTrialComponent.html
"""

from __future__ import annotations

from typing import TypedDict

from local_aws.api import Context, operation
from local_aws.services.sagemaker.tracking import links
from local_aws.services.sagemaker.tracking.kinds import TRIAL, TRIAL_COMPONENT


class TrialComponentOfTrial(TypedDict):
    TrialComponentName: str
    TrialName: str


class TrialComponentOfTrialResponse(TypedDict):
    TrialComponentArn: str
    TrialArn: str


@operation("sagemaker", "AssociateTrialComponent")
def associate_trial_component(aws: Context, request: TrialComponentOfTrial) -> TrialComponentOfTrialResponse:
    with aws.store.transaction():
        arns = _arns(aws, request)
        links.add(aws, links.TRIAL_COMPONENT, request["TrialComponentName"], request["TrialName"])
    return arns


@operation("sagemaker", "DisassociateTrialComponent")
def disassociate_trial_component(aws: Context, request: TrialComponentOfTrial) -> TrialComponentOfTrialResponse:
    with aws.store.transaction():
        arns = _arns(aws, request)
        links.remove(aws, links.TRIAL_COMPONENT, request["TrialComponentName"], request["TrialName"])
    return arns


def _arns(context: Context, request: TrialComponentOfTrial) -> TrialComponentOfTrialResponse:
    component = TRIAL_COMPONENT.find(context, request["TrialComponentName"])
    trial = TRIAL.find(context, request["TrialName"])
    return {"TrialComponentArn": component["TrialComponentArn"], "TrialArn": trial["TrialArn"]}
