"""Filters, order and pages, which SageMaker's List operations share.

Defaults follow the API reference: newest first (for example
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html). A page holds up to 100 entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from local_aws.services.pages import numbered_page
from local_aws.services.sagemaker.errors import validation_error

PAGE = 100
Entry = TypeVar("Entry")


def select(
    documents: Iterable[Mapping[str, Any]],
    request: Mapping[str, Any],
    *,
    name: str,
    status: str | None = None,
    summary: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The summaries of one page, and ``{"NextToken": …}`` or ``{}``. ``name`` and ``status`` are member names."""
    found = [one for one in documents if _matches(one, request, name, status)]
    found.sort(key=_order(request, name, status), reverse=request.get("SortOrder", "Descending") == "Descending")
    chosen, more = page(found, request)
    return [summary(one) for one in chosen], more


def page(found: Sequence[Entry], request: Mapping[str, Any]) -> tuple[list[Entry], dict[str, str]]:
    """The entries of one page, and ``{"NextToken": …}`` or ``{}``."""
    refusal = validation_error("NextToken is not valid: pass the one of the previous answer, unchanged.")
    return numbered_page(found, request, int(request.get("MaxResults") or PAGE), refusal)


def only(*members: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A summary that shows those of ``members`` that a document has."""
    return lambda document: {member: document[member] for member in members if member in document}


def _matches(document: Mapping[str, Any], request: Mapping[str, Any], name: str, status: str | None) -> bool:
    contains = request.get("NameContains")
    if contains and contains.lower() not in str(document[name]).lower():
        return False
    wanted = request.get("StatusEquals")
    if wanted and status and document[status] != wanted:
        return False
    for member in ("CreationTime", "LastModifiedTime"):
        moment = document.get(member)
        after, before = request.get(f"{member}After"), request.get(f"{member}Before")
        if moment is not None and ((after and moment < after) or (before and moment > before)):
            return False
    return True


def _order(request: Mapping[str, Any], name: str, status: str | None) -> Callable[[Mapping[str, Any]], Any]:
    by = request.get("SortBy", "CreationTime")
    member = {"Name": name, "Status": status or "CreationTime"}.get(by, "CreationTime")
    return lambda document: (document[member], document["CreationTime"])
