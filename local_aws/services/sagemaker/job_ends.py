"""How training and processing jobs end, where both do it alike: by a request, or by a failure around the container."""

from __future__ import annotations

from local_aws.api import ApiError
from local_aws.processes import ProcessStartError
from local_aws.services.s3_transfer import TransferError
from local_aws.services.sagemaker.errors import validation_error

#: What fails a job without its container's doing.
FAILURES = (TransferError, ProcessStartError, ApiError, OSError)


def failure_reason(error: Exception) -> str:
    """The FailureReason for one of ``FAILURES``; data that cannot be moved is the caller's error."""
    kind = "ClientError" if isinstance(error, TransferError) else "InternalServerError"
    return f"{kind}: {error}"


def must_stop(status: str, job: str) -> bool:
    """Whether a stop request has to do anything: False, the job stops already. Raises for a job that has ended."""
    if status not in ("InProgress", "Stopping"):
        raise validation_error(f"The request was rejected because the {job} is in status {status}.")
    return status == "InProgress"
