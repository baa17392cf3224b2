"""What serves at the endpoint: SageMaker's description of its variants beside what is recorded of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from vigil.models.versions import EndpointState, ModelVersion, Variant

NO_ENDPOINT = re.compile(r"Could not find endpoint")
#: How update-endpoint names models: by the beginning of their artefact's digest.
MODEL_NAME = re.compile(r"^vigil-(?P<digest>[0-9a-f]{12})-")


def endpoint_state(
    sagemaker: Any, name: str, recorded: Mapping[str, str], versions: Sequence[ModelVersion]
) -> EndpointState:
    """``recorded``: the models table's item of the endpoint, empty where nothing was recorded."""
    described = _describe(sagemaker, name) or {}
    config = described.get("EndpointConfigName")
    fields = ("active_package", "run_key", "artefact_digest", "approval_request_id", "baseline_digest", "since")
    return EndpointState.model_validate(
        {
            "name": name,
            "status": described.get("EndpointStatus"),
            "config_name": config,
            "variants": _variants(described, _models(sagemaker, config), versions),
            "recorded_config_name": recorded.get("config_name") or None,
            **{field: recorded.get(field) or None for field in fields},
        }
    )


def _describe(sagemaker: Any, name: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if NO_ENDPOINT.match(error.response["Error"].get("Message", "")):
            return None
        raise
    return answer


def _models(sagemaker: Any, config: str | None) -> dict[str, str]:
    """The model's name of each variant of a configuration."""
    if config is None:
        return {}
    try:
        answer = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as error:
        if "Could not find" not in error.response["Error"].get("Message", ""):
            raise
        return {}  # what serves goes on serving when its configuration is deleted
    both = [*answer.get("ProductionVariants", []), *answer.get("ShadowProductionVariants", [])]
    return {variant["VariantName"]: variant["ModelName"] for variant in both if "ModelName" in variant}


def _variants(
    described: Mapping[str, Any], models: Mapping[str, str], versions: Sequence[ModelVersion]
) -> list[Variant]:
    kinds = (("ProductionVariants", False), ("ShadowProductionVariants", True))
    return [
        Variant(
            name=found["VariantName"],
            model_name=models.get(found["VariantName"]),
            model_package_arn=_package(models.get(found["VariantName"], ""), versions),
            weight=found.get("CurrentWeight"),
            desired_weight=found.get("DesiredWeight"),
            instances=found.get("CurrentInstanceCount"),
            shadow=shadow,
        )
        for kind, shadow in kinds
        for found in described.get(kind, [])
    ]


def _package(model_name: str, versions: Sequence[ModelVersion]) -> str | None:
    named = MODEL_NAME.match(model_name)
    if named is None:
        return None
    return next((v.model_package_arn for v in versions if (v.artefact_digest or "").startswith(named["digest"])), None)
