"""How jobs end, where all kinds do it alike: by a request, or by a failure around the container.

The kinds of failure are those that SageMaker's FailureReason begins with: ``AlgorithmError`` is the program's,
``ClientError`` the caller's, ``InternalServerError`` the service's; only the last is worth another attempt
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RetryStrategy.html).
"""

from __future__ import annotations

import errno

from local_aws.api import ApiError
from local_aws.processes import ProcessStartError
from local_aws.services.s3_transfer import TransferError
from local_aws.services.sagemaker.errors import validation_error

#: What fails a job without its container's doing.
FAILURES = (TransferError, ProcessStartError, ApiError, OSError)
KILLED = "InternalServerError: We encountered an internal error. Please try again."
REASON_CHARACTERS = 1024


class InternalFailureError(Exception):
    """What fails a job is the service's own failure; the message is the FailureReason."""


def failure_reason(error: Exception) -> str:
    """The FailureReason for one of ``FAILURES``: data, images and disk space are the caller's concern."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"ClientError: Insufficient disk space: {error}"
    if isinstance(error, TransferError):
        return f"ClientError: {error}"
    if isinstance(error, ApiError) and error.status < 500:
        return f"ClientError: {error.message}"
    return f"InternalServerError: {error}"


def algorithm_error(written: str, exit_code: int) -> str:
    """``AlgorithmError: <the failure file>, exit code: N``, cut so that the exit code stays."""
    ending = f", exit code: {exit_code}"
    return f"AlgorithmError: {written}"[: REASON_CHARACTERS - len(ending)] + ending


def must_stop(status: str, job: str) -> bool:
    """Whether a stop request has to do anything: False, the job stops already. Raises for a job that has ended."""
    if status not in ("InProgress", "Stopping"):
        raise validation_error(f"The request was rejected because the {job} is in status {status}.")
    return status == "InProgress"
