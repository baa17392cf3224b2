"""SageMaker's errors, with the codes and words that callers match on.

The not-found forms are those that Amazon's own operator for Kubernetes matches
(amazon-sagemaker-operator-for-k8s, ``controllers/.../clientwrapper/sagemakerclientwrapper.go``).
"""

from __future__ import annotations

from local_aws.api import ApiError


def validation_error(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def not_found(what: str, arn: str) -> ApiError:
    """For example ``Could not find endpoint "arn:…".``"""
    return validation_error(f'Could not find {what} "{arn}".')


def already_exists(what: str, arn: str) -> ApiError:
    return validation_error(f'Cannot create already existing {what} "{arn}".')


def name_in_use(message: str) -> ApiError:
    return ApiError("ResourceInUse", message)


def resource_not_found(message: str) -> ApiError:
    return ApiError("ResourceNotFound", message)
