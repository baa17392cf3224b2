"""Deploys the stack of ``infra/template.yaml``: packages its code, uploads it, creates or updates the stack, waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from vigil.approvals.signer_map import SAME_NAMES, UnusableSignersError, airflow_signers
from vigil.aws.environment import aws_client
from vigil.aws.images import require_digest
from vigil.aws.packages import content_key, read_file, zip_folders

LAMBDA_FOLDERS = ("vigil", "tasks", "change_control")
GLUE_FOLDERS = ("vigil",)
GLUE_SCRIPT = "tasks/glue/curate_quarters.py"
STATE_MACHINES = {
    "TrainAndPromoteKey": "train-and-promote.asl.json",
    "UpdateEndpointKey": "update-endpoint.asl.json",
    "RetrainOnDriftKey": "retrain-on-drift.asl.json",
    "RollBackKey": "roll-back.asl.json",
}
TEMPLATE = "infra/template.yaml"
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# A first deployment takes minutes on AWS (keys, tables, user pool); half an hour is a fault.
WAIT_DELAY_SECONDS = 2
WAIT_ATTEMPTS = 900
NO_CHANGE = "No updates are to be performed"
# What a first deployment leaves that failed: nothing was ever in service, and CloudFormation wants it deleted first.
NEVER_CREATED = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED"})


class DeploymentError(Exception):
    """The stack could not be deployed; the message holds CloudFormation's reasons."""


@dataclass(frozen=True)
class Package:
    """What one deployment uploads. ``code`` is the Lambda zip: its digest names the code that runs."""

    lambda_code: bytes
    glue_script: bytes
    glue_library: bytes
    template: bytes
    state_machines: Mapping[str, bytes]


@dataclass(frozen=True)
class SigningProvider:
    """An OpenID provider that signs people in beside the stack's own pool. ``audience`` is our client id there.

    ``required_acr``: what its tokens must say of the sign-in's strength, or ``PROVIDER_ASKS_FOR_TWO``.
    """

    issuer: str
    audience: str
    jwks_uri: str
    required_acr: str


@dataclass(frozen=True)
class StackSettings:
    """What may differ between two stacks of the same code. ``image``: URI of the ML image, with its digest.

    ``plan_changed_by``: see ``vigil.cli.plan_author``. ``airflow_url`` and ``mail_sender``: for mail to approvers.
    ``airflow_signers``: see ``vigil.approvals.signer_map``; None where the names are the same. Raises
    ``DeploymentError`` for one that the pages could not use.
    """

    stack: str
    registry_url: str
    code_revision: str
    image: str
    plan_changed_by: str
    approval_timeout_seconds: int | None = None
    airflow_url: str | None = None
    mail_sender: str | None = None
    airflow_signers: str | None = None
    airflow_environment: str | None = None
    monitoring_home: str | None = None
    shadow_seconds: int | None = None
    canary_bake_seconds: int | None = None
    provider: SigningProvider | None = None

    def __post_init__(self) -> None:
        try:
            airflow_signers(SAME_NAMES if self.airflow_signers is None else self.airflow_signers)
        except UnusableSignersError as error:
            raise DeploymentError(f"the parameter AirflowSigners (--airflow-signers) {error}") from None


def cloudformation_name(stack: str) -> str:
    return f"vigil-{stack}"


def build_package(project: Path) -> Package:
    """Read and zip the checkout ``project``. Raises ``PackageError`` naming what is missing."""
    return Package(
        lambda_code=zip_folders(project, LAMBDA_FOLDERS),
        glue_script=read_file(project / GLUE_SCRIPT),
        glue_library=zip_folders(project, GLUE_FOLDERS),
        template=read_file(project / TEMPLATE),
        state_machines={
            parameter: read_file(project / "statemachines" / name) for parameter, name in STATE_MACHINES.items()
        },
    )


def deploy(package: Package, settings: StackSettings) -> dict[str, str]:
    """Create or update the stack and wait for its end; the stack's outputs.

    Raises ``DeploymentError``, and ``ImageNotPinnedError`` before anything is uploaded.
    """
    values = _parameters(settings)
    account, region = _home()
    bucket = _ensure_bootstrap_bucket(account, region)
    values |= {**_upload(bucket, package), "CodeBucket": bucket}
    template_key = content_key("template.yaml", package.template)
    _put(bucket, template_key, package.template)
    url = f"{aws_client('s3').meta.endpoint_url.rstrip('/')}/{bucket}/{template_key}"
    _apply(cloudformation_name(settings.stack), url, values)
    return outputs(settings.stack)


def outputs(stack: str) -> dict[str, str]:
    """The outputs of a deployed stack. Raises ``DeploymentError`` where there is none."""
    description = _describe(cloudformation_name(stack))
    if description is None:
        raise DeploymentError(f"there is no stack {cloudformation_name(stack)}: deploy it first")
    return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}


def parameters(stack: str) -> dict[str, str]:
    """What the stack was deployed with; empty where there is none that came into being."""
    description = _describe(cloudformation_name(stack))
    if description is None or description["StackStatus"] in NEVER_CREATED:
        return {}
    return {each["ParameterKey"]: each["ParameterValue"] for each in description.get("Parameters", [])}


def _home() -> tuple[str, str]:
    account: str = aws_client("sts").get_caller_identity()["Account"]
    return account, aws_client("sts").meta.region_name


def _ensure_bootstrap_bucket(account: str, region: str) -> str:
    """The bucket that holds code before the stack exists: versioned, encrypted, closed."""
    bucket = f"vigil-bootstrap-{account}-{region}"
    client = aws_client("s3")
    # us-east-1 is the one region that CreateBucket must not be told.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.create_bucket(Bucket=bucket, **location)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}]
        },
    )
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    return bucket


def _upload(bucket: str, package: Package) -> dict[str, str]:
    """Put what the template refers to; its parameters that name the keys."""
    contents = {
        "LambdaCodeKey": ("lambda.zip", package.lambda_code),
        "GlueScriptKey": ("curate_quarters.py", package.glue_script),
        "GlueLibraryKey": ("vigil.zip", package.glue_library),
        **{parameter: (STATE_MACHINES[parameter], content) for parameter, content in package.state_machines.items()},
    }
    keys = {}
    for parameter, (name, content) in contents.items():
        keys[parameter] = content_key(name, content)
        _put(bucket, keys[parameter], content)
    return keys


def _put(bucket: str, key: str, content: bytes) -> None:
    """Put once: the key is the content's digest, so what is there already is the same."""
    try:
        aws_client("s3").put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise


def _parameters(settings: StackSettings) -> dict[str, str]:
    needed = {
        "StackName": settings.stack,
        "MlImage": require_digest(settings.image, "the ML image (--image)"),
        "CodeRevision": settings.code_revision,
        "DvcRegistryUrl": settings.registry_url,
        "PlanChangedBy": settings.plan_changed_by,
    }
    optional = {
        "PlanApprovalTimeoutSeconds": settings.approval_timeout_seconds,
        "AirflowUrl": settings.airflow_url,
        "MailSender": settings.mail_sender,
        "AirflowSigners": settings.airflow_signers,
        "AirflowEnvironment": settings.airflow_environment,
        "MonitoringHome": settings.monitoring_home,
        "PlanShadowSeconds": settings.shadow_seconds,
        "PlanCanaryBakeSeconds": settings.canary_bake_seconds,
        "SigningIssuer": settings.provider and settings.provider.issuer,
        "SigningAudience": settings.provider and settings.provider.audience,
        "SigningJwksUri": settings.provider and settings.provider.jwks_uri,
        "SigningRequiredAcr": settings.provider and settings.provider.required_acr,
    }
    return needed | {name: str(value) for name, value in optional.items() if value is not None}


def _apply(name: str, template_url: str, parameters: Mapping[str, str]) -> None:
    client = aws_client("cloudformation")
    request = {
        "StackName": name,
        "TemplateURL": template_url,  # the text is longer than TemplateBody may be (51,200 bytes)
        "Capabilities": CAPABILITIES,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())],
    }
    current = _describe(name)
    if current is not None and current["StackStatus"] in NEVER_CREATED:
        client.delete_stack(StackName=current["StackId"])
        _wait("stack_delete_complete", current["StackId"])
        current = None
    try:
        stack = client.create_stack(**request) if current is None else client.update_stack(**request)
    except ClientError as error:
        if NO_CHANGE in error.response["Error"]["Message"]:
            return
        raise DeploymentError(f"CloudFormation refused {name}: {error.response['Error']['Message']}") from error
    _wait("stack_create_complete" if current is None else "stack_update_complete", stack["StackId"])


def _wait(waiter: str, stack_id: str) -> None:
    """By id, since a stack that is gone is no longer found by its name."""
    try:
        aws_client("cloudformation").get_waiter(waiter).wait(
            StackName=stack_id, WaiterConfig={"Delay": WAIT_DELAY_SECONDS, "MaxAttempts": WAIT_ATTEMPTS}
        )
    except WaiterError as error:
        raise DeploymentError(f"{stack_id} did not become {waiter}: {_reasons(stack_id)}") from error


def _describe(name: str) -> dict[str, Any] | None:
    try:
        description: dict[str, Any] = aws_client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return description


def _reasons(name: str) -> str:
    """Why resources failed, newest first, as CloudFormation says it."""
    try:
        events = aws_client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    except ClientError as error:
        return f"no events: {error.response['Error']['Message']}"
    failed = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    ]
    return "; ".join(failed) or "no resource failed; the wait was too short"
