"""A deployed stack where one model served, another serves, and people ask for the first to come back."""

from __future__ import annotations

import json
import uuid
from typing import Any

from approval_fakes import PASSWORD
from deployed_approvals import Deployed
from local_server import eventually
from moto_people import strong
from served_model import put_into_service

from vigil.approvals.models import ApprovalRequest, Meaning
from vigil.aws.environment import aws_client


def served(deployed: Deployed) -> ApprovalRequest:
    """A run whose model was signed, verified under the function's own role, and recorded as serving."""
    name = uuid.uuid4().hex[:12]
    machine = deployed.parameters.state_machines.train_and_promote
    package = aws_client("sagemaker").create_model_package(
        ModelPackageGroupName=deployed.parameters.sagemaker.model_package_group,
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={"execution_arn": f"{machine.replace(':stateMachine:', ':execution:')}:{name}"},
    )
    request = deployed.wait(name=name, model_package_arn=package["ModelPackageArn"])
    sign(deployed, request)
    deployed.delivered(request)
    update = f"arn:of:the:update:{name}"
    verified(deployed, request, update)
    put_into_service(deployed.parameters, request.facts, request.run_key, request.request_id, update)
    return request


def sign(deployed: Deployed, request: ApprovalRequest) -> None:
    for meaning, user in ((Meaning.REVIEWED, "ben"), (Meaning.APPROVED, "ana")):
        deployed.sign(deployed.challenge(request, meaning), user)


def verified(deployed: Deployed, request: ApprovalRequest, update: str) -> dict[str, Any]:
    """What update-endpoint's first function says."""
    event = {"approval_request_id": request.request_id, "requested_execution": request.execution_arn}
    answer: dict[str, Any] = deployed.invoke("verify-approval", event | {"execution_arn": update})
    return answer


def end_at_the_decision(machine: str) -> None:
    """The deployed roll-back without what follows an approval: a test invokes the verification itself."""
    states = aws_client("stepfunctions")
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    definition["States"]["Delivered"] = {"Type": "Succeed"}
    approval = next(each for each in definition["States"]["Decision"]["Choices"] if each["Next"] == "UpdateEndpoint")
    approval["Next"] = "Delivered"
    for name in ("UpdateEndpoint", "NameUpdateFailure", "RecordInService", "InService"):  # unreachable now: refused
        del definition["States"][name]
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))


def invoked(deployed: Deployed, model: str, user: str = "ana", **more: Any) -> dict[str, Any]:
    """What request_rollback answers."""
    proof = {"kind": "password", "username": user, "password": strong(PASSWORD)}
    answer: dict[str, Any] = deployed.invoke(
        "request-rollback", {"model": model, "reason": "recall fell", "proof": proof} | more
    )
    return answer


def commanded(deployed: Deployed, model: str) -> dict[str, Any]:
    """`vigil models rollback`."""
    file = str(deployed.password_file("ana"))
    given = ("--user", "ana", "--password-file", file, "--reason", "recall fell", "--json")
    done = deployed.vigil("models", "rollback", model, *given)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def request_of(deployed: Deployed, execution: str) -> ApprovalRequest:
    """The request that a roll-back has opened."""

    def opened() -> ApprovalRequest | None:
        rows = [row["request_id"] for row in deployed.desk.requests() if row["execution_arn"] == execution]
        return stored(deployed, str(rows[0])) if rows else None

    request = eventually(opened, within=60)
    assert request is not None
    return request


def stored(deployed: Deployed, request_id: str) -> ApprovalRequest | None:
    from vigil.aws.approval_ports import approvals_table

    return approvals_table(deployed.parameters).get(request_id)
