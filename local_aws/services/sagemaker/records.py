"""Documents of the store, by kind: reading, changing and the clock that stamps them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local_aws.api import Context

TRAINING_JOB = "sagemaker.training_job"
PROCESSING_JOB = "sagemaker.processing_job"
TRANSFORM_JOB = "sagemaker.transform_job"
TUNING_JOB = "sagemaker.tuning_job"
TUNING_STATE = "sagemaker.tuning_state"
TRIAL = "sagemaker.tuning_trial"
ATTEMPTS = "sagemaker.training_attempts"
MODEL = "sagemaker.model"
ENDPOINT_CONFIG = "sagemaker.endpoint_config"
ENDPOINT = "sagemaker.endpoint"
DEPLOYMENT = "sagemaker.deployment"
PENDING_DEPLOYMENT = "sagemaker.pending_deployment"
MODEL_PACKAGE_GROUP = "sagemaker.model_package_group"
MODEL_PACKAGE_GROUP_POLICY = "sagemaker.model_package_group_policy"
MODEL_PACKAGE = "sagemaker.model_package"
CLIENT_TOKEN = "sagemaker.client_token"  # noqa: S105 - a kind of document
TAGS = "sagemaker.tags"


def now() -> datetime:
    """The current time in UTC, to the millisecond as AWS stamps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def change(context: Context, kind: str, key: str, **members: Any) -> dict[str, Any] | None:
    """Set members of a document in one step; a member given as None is removed. None: there is no such document."""
    with context.store.transaction():
        document = context.store.get(kind, key)
        if document is None:
            return None
        for member, value in members.items():
            if value is None:
                document.pop(member, None)
            else:
                document[member] = value
        document["LastModifiedTime"] = now()
        context.store.put(kind, key, document)
        return document
