"""The service modules of this server. Importing one registers its operations."""

from __future__ import annotations

import importlib
import logging
from types import ModuleType

from local_aws.api import Context
from local_aws.services import moto_seams

logger = logging.getLogger(__name__)

#: Modules in ``local_aws.services``, in the order in which they resume; they shut down in reverse.
#: Whoever starts work in others comes after them: state machines after the jobs, schedules last.
MODULES = (
    "sts",
    "cloudtrail",
    "kms",
    "dynamodb",
    "s3_object_lock",
    "s3_upload_locks",
    "secure_values",
    "fifo_duplicates",
    "cognito",
    "logs",
    "cloudformation",
    "glue",
    "sagemaker",
    "lambda_",
    "states",
    "cloudwatch",
    "ses",
    "connections",
    "deliveries",
    "events",
    "scheduler",
    "mwaa",
)

#: Services of which moto is never asked anything.
OWNED_SERVICES = frozenset(
    {"stepfunctions", "sagemaker", "sagemaker-runtime", "sagemaker-metrics", "lambda", "cloudformation", "mwaa"}
)

#: Services whose requests name their operation by path alone and of which some operations are ours.
SHARED_REST_SERVICES = frozenset({"scheduler", "sesv2"})


def load() -> list[ModuleType]:
    """Import every service module, and take over from moto: before it serves or repeats its first request."""
    # Before the state is restored: requests that moto repeats then must not deliver anything by themselves.
    moto_seams.install()
    return [importlib.import_module(f"local_aws.services.{name}") for name in MODULES]


def resume(context: Context, modules: list[ModuleType]) -> None:
    """Let each service take up what was running when the server ended. One that fails does not stop the others."""
    for module in modules:
        _call(module, "resume", context)


def shutdown(context: Context, modules: list[ModuleType]) -> None:
    for module in reversed(modules):
        _call(module, "shutdown", context)


def _call(module: ModuleType, name: str, context: Context) -> None:
    function = getattr(module, name, None)
    if function is None:
        return
    try:
        function(context)
    except Exception:
        logger.exception("%s.%s failed", module.__name__, name)
