"""What a verified approval lets into service, put together: from the signed facts, the stack and what serves now."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.approvals.models import ApprovalRequest
from vigil.aws import monitoring_places
from vigil.aws.artefacts import artefact_uri
from vigil.aws.environment import StackParameters
from vigil.aws.objects import S3Uri
from vigil.aws.release_models import Champion, Pace, Release
from vigil.change_control.models import Plan
from vigil.digests import digest_of

KEY_DIGITS = 12  # of SHA-256 of the execution's ARN: part of the names of model, configuration and jobs
#: All traffic on the new fleet, the old one still there, the alarms still looked at: longer than a metric's minute and
#: its way to the alarm.
LONGEST_TERMINATION_WAIT = 300
#: For both fleets to come up and to go, beside the waits.
DEPLOYMENT_SECONDS = 1800


def release_of(
    request: ApprovalRequest,
    plan: Plan,
    execution_arn: str,
    parameters: StackParameters,
    serving: Mapping[str, str],
    recorded: Mapping[str, str],
) -> Release:
    """``serving``: the endpoint's item of the models table; ``recorded``: that of the model package."""
    facts, key = request.facts, digest_of(execution_arn)[:KEY_DIGITS]
    buckets = parameters.buckets
    return Release(
        key=key,
        run_key=request.run_key,
        request_id=request.request_id,
        kind=facts.kind,
        model_package_arn=facts.model_package_arn,
        artefact_digest=facts.artefact_digest,
        artefact_uri=facts.artefact_uri,
        image=facts.image,
        code_revision=facts.code_revision,
        dataset_version=facts.dataset_version,
        dataset_uri=str(S3Uri(buckets.datasets, f"datasets/faers/{facts.dataset_version}/")),
        plan_digest=facts.plan_digest,
        plan_uri=str(S3Uri(buckets.models, f"plans/{facts.plan_digest}/")),
        baseline_uri=recorded.get("baseline_uri") or str(monitoring_places.baseline(parameters, request.run_key)),
        baseline_digest=recorded.get("baseline_digest", ""),
        comparison_uri=str(S3Uri(buckets.models, f"runs/{request.run_key}/comparison/{key}/")),
        endpoint_name=parameters.sagemaker.endpoint,
        instance_type=parameters.sagemaker.instance_type,
        capture_uri=str(monitoring_places.captured(parameters)).rstrip("/"),
        data_key=parameters.keys.data,
        pace=pace(plan, parameters),
        champion=champion(serving, buckets.models),
    )


def pace(plan: Plan, parameters: StackParameters) -> Pace:
    rules, timing = plan.protocol.update, parameters.timing
    bake = min(rules.canary.bake_seconds, timing.canary_bake_seconds)
    return Pace(
        shadow_seconds=min(rules.shadow.seconds, timing.shadow_seconds),
        canary_percent=rules.canary.percent,
        bake_seconds=bake,
        termination_seconds=min(bake, LONGEST_TERMINATION_WAIT),
        limit_seconds=DEPLOYMENT_SECONDS + bake + min(bake, LONGEST_TERMINATION_WAIT),
    )


def champion(serving: Mapping[str, str], models_bucket: str) -> Champion | None:
    """None where nothing is recorded as serving."""
    if not serving.get("active_package"):
        return None
    digest = serving["artefact_digest"]
    return Champion(
        model_package_arn=serving["active_package"],
        run_key=serving["run_key"],
        artefact_digest=digest,
        artefact_uri=serving.get("artefact_uri") or str(artefact_uri(models_bucket, digest)),
        model_name=serving["model_name"],
        config_name=serving["config_name"],
        execution_arn=serving["execution_arn"],
    )
