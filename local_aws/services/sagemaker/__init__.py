"""SageMaker and its runtime: jobs, models and endpoints that are real processes, and the model registry.

Jobs that a killed or stopped server interrupted run again from a clean folder after its next start; endpoints that
were in service are served again.
"""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.sagemaker import (
    endpoint_configs,
    endpoints,
    invoke,
    model_package_groups,
    model_package_policies,
    model_packages,
    models,
    monitoring,
    processing,
    search,
    tags,
    tracking,
    training,
    transform,
    tuning,
)
from local_aws.services.sagemaker.runtime import renew, runtime

__all__ = [
    "endpoint_configs",
    "endpoints",
    "invoke",
    "model_package_groups",
    "model_package_policies",
    "model_packages",
    "models",
    "monitoring",
    "processing",
    "resume",
    "search",
    "shutdown",
    "tags",
    "tracking",
    "training",
    "transform",
    "tuning",
]


def resume(context: Context) -> None:
    renew(context)
    training.resume(context)
    processing.resume(context)
    endpoints.resume(context)  # clears what servers have unpacked, so the transform jobs come after it
    transform.resume(context)
    tuning.resume(context)
    runtime(context).capture.resume()
    monitoring.resume(context)


def shutdown(context: Context) -> None:
    running = runtime(context)
    monitoring.shutdown(context)
    running.closing.set()
    tuning.shutdown(context)
    running.jobs.close()
    endpoints.shutdown(context)
    running.metrics.close()
    running.capture.close()
