"""Models that were promoted and served, as a stack's tables, registry and ledger have them, without an endpoint."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from candidate_evidence import facts_for, passing_evaluation, real_plan
from moto_stack import archive_of, tree_digest_of

from vigil.approvals.models import ApprovalRequest, Facts, WaitMessage
from vigil.approvals.open import open_request
from vigil.approvals.verify import PINNED, verify_release
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.aws.approval_ports import evidence_store, ledger_table, opening_ports, verification_ports
from vigil.aws.artefacts import artefact_uri
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.objects import S3Uri
from vigil.aws.pinning import run_key
from vigil.aws.run_records import RunRecords
from vigil.moments import timestamp

Approve = Callable[[ApprovalRequest], Any]
FUNCTION = Actor(name="mark-active", via="AWS Lambda", verified=True)


def promote(parameters: StackParameters, name: str, approve: Approve, image: str = "image@sha256:0") -> Facts:
    """A run of this name that was signed, verified and put into service; what served before is RETIRED."""
    machines = parameters.state_machines
    execution = f"{machines.train_and_promote.replace(':stateMachine:', ':execution:')}:{name}"
    facts = _candidate(parameters, execution, image)
    pinned = facts.model_dump_json(include=set(PINNED))[:-1] + f', "key": "{run_key(execution)}"}}'
    RunRecords(aws_client("dynamodb"), parameters.tables.runs).start(execution, {"pinned": pinned})
    message = WaitMessage.model_validate(
        {
            "run_key": run_key(execution), "task_token": f"token-{name}", "execution_arn": execution,
            "state_name": "WaitForApproval", "attempt": 0, "entered_at": datetime.now(UTC),
            "timeout_seconds": 3600, "facts": facts.model_dump(mode="json"),
        }
    )  # fmt: skip
    request = open_request(message, opening_ports(parameters)).request
    approve(request)
    update = f"{machines.update_endpoint.replace(':stateMachine:', ':execution:')}:{request.request_id}"
    verify_release(request.request_id, execution, update, verification_ports(parameters))
    put_into_service(parameters, facts, run_key(execution), request.request_id, update)
    return facts


def put_into_service(
    parameters: StackParameters, facts: Facts, key: str, request_id: str, execution: str, config: str = "config"
) -> None:
    """What ``mark_active`` leaves behind."""
    table, client, now = parameters.tables.models, aws_client("dynamodb"), timestamp(datetime.now(UTC))
    place = {"model_package_arn": {"S": f"endpoint#{parameters.sagemaker.endpoint}"}}
    before = client.get_item(TableName=table, Key=place, ConsistentRead=True).get("Item", {})
    serving = {
        "active_package": facts.model_package_arn, "run_key": key, "artefact_digest": facts.artefact_digest,
        "approval_request_id": request_id, "config_name": config, "model_name": "m", "execution_arn": execution,
        "since": now, "previous_package": before.get("active_package", {}).get("S", ""),
    }  # fmt: skip
    client.put_item(TableName=table, Item=place | {name: {"S": value} for name, value in serving.items()})
    for package, status in ((serving["previous_package"], "RETIRED"), (facts.model_package_arn, "ACTIVE")):
        if package:
            item = {"model_package_arn": package, "status": status, "changed_at": now}
            client.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})
    set_status(facts.model_package_arn, "Approved")
    ledger_table(parameters).append(
        Entry(
            chain=model_chain(key), event=EventName.ENDPOINT_CHANGED, key=f"{EventName.ENDPOINT_CHANGED}#{execution}",
            actor=FUNCTION, subject=parameters.sagemaker.endpoint,
            new={"active_package": facts.model_package_arn, "artefact_digest": facts.artefact_digest},
            details={"approval_request_id": request_id, "execution_arn": execution},
        )
    )  # fmt: skip


def set_status(package: str, status: str) -> None:
    """With the metadata, which moto would forget; SageMaker keeps them."""
    sagemaker = aws_client("sagemaker")
    known = sagemaker.describe_model_package(ModelPackageName=package).get("CustomerMetadataProperties", {})
    sagemaker.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus=status, CustomerMetadataProperties=known
    )


def _candidate(parameters: StackParameters, execution: str, image: str) -> Facts:
    plan, files = real_plan(), {"model.json": uuid.uuid4().bytes}
    digest = tree_digest_of(files)
    evaluation, evidence = passing_evaluation(plan, artefact_digest=digest), evidence_store(parameters)
    evidence.keep_plan(plan)
    place: S3Uri = artefact_uri(parameters.buckets.models, digest)
    aws_client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=archive_of(files))
    facts = facts_for(
        evaluation, plan, artefact_uri=str(place), evaluation_uri=str(evidence.keep_evaluation(evaluation)), image=image
    )
    digests = facts.model_dump(include={"artefact_digest", "dataset_version", "evaluation_digest", "plan_digest"})
    answer = aws_client("sagemaker").create_model_package(
        ModelPackageGroupName=parameters.sagemaker.model_package_group,
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={**digests, "execution_arn": execution},
    )
    return facts.model_copy(update={"model_package_arn": str(answer["ModelPackageArn"])})
