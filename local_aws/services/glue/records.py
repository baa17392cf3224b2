"""Glue's documents in the store, its errors, and its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from local_aws.api import ApiError, Context
from local_aws.services.glue.shapes import Job, StoredRun
from local_aws.services.pages import numbered_page

JOB = "glue.job"
RUN = "glue.job_run"
PAGE = 200

Item = TypeVar("Item")


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def invalid(message: str) -> ApiError:
    return ApiError("InvalidInputException", message)


def not_found(message: str) -> ApiError:
    return ApiError("EntityNotFoundException", message)


def find_job(context: Context, name: str, message: str = "Job not found.") -> Job:
    """Raises EntityNotFoundException."""
    job = context.store.get(JOB, name)
    if job is None:
        raise not_found(message)
    return cast(Job, job)


def run_key(job_name: str, run_id: str) -> str:
    return f"{job_name}/{run_id}"


def find_run(context: Context, job_name: str, run_id: str) -> StoredRun:
    """Raises EntityNotFoundException."""
    stored = context.store.get(RUN, run_key(job_name, run_id))
    if stored is None:
        raise not_found(f"Job run {run_id} not found.")
    return cast(StoredRun, stored)


def runs_of(context: Context, job_name: str) -> list[StoredRun]:
    """Oldest first."""
    found = context.store.list(RUN, f"{job_name}/")
    # Job names may hold slashes, so that one name can be the beginning of another's key.
    return [cast(StoredRun, stored) for _, stored in found if stored["run"]["JobName"] == job_name]


def change_run(context: Context, job_name: str, run_id: str, **members: Any) -> None:
    with context.store.transaction():
        stored = context.store.get(RUN, run_key(job_name, run_id))
        if stored is not None:
            stored["run"].update(members, LastModifiedOn=now())
            context.store.put(RUN, run_key(job_name, run_id), stored)


def page(items: Sequence[Item], request: Mapping[str, Any]) -> tuple[list[Item], dict[str, str]]:
    """One page of items and ``{"NextToken": …}`` or ``{}``."""
    refusal = invalid("NextToken is not valid: pass the one of the previous answer, unchanged.")
    return numbered_page(items, request, request.get("MaxResults") or PAGE, refusal)
