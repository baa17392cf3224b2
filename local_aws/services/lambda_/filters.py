"""``FilterCriteria``: which records a mapping wants, in EventBridge's pattern language.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local_aws.api import ApiError
from local_aws.services.events.pattern_checks import checked
from local_aws.services.events.patterns import matches as event_matches

MOST_FILTERS = 5


def check(criteria: dict[str, Any] | None) -> None:
    """Refuse filters that could not be understood."""
    filters = (criteria or {}).get("Filters") or []
    if len(filters) > MOST_FILTERS:
        raise ApiError("InvalidParameterValueException", f"A mapping has at most {MOST_FILTERS} filters here.")
    for each in filters:
        try:
            checked(each.get("Pattern") or "")
        except ApiError as error:
            raise ApiError(
                "InvalidParameterValueException", f"Invalid filter pattern definition. {error.message}"
            ) from error


def matches(mapping: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether any of the mapping's filters accepts the record; a mapping without filters wants all."""
    filters = (mapping.get("FilterCriteria") or {}).get("Filters") or []
    return not filters or any(_accepts(checked(each["Pattern"]), record) for each in filters)


def _accepts(pattern: dict[str, Any], record: dict[str, Any]) -> bool:
    """A pattern with an object for ``body`` wants JSON there; one with a list compares the text."""
    body = record.get("body")
    if isinstance(pattern.get("body"), Mapping) and isinstance(body, str):
        try:
            record = {**record, "body": json.loads(body)}
        except ValueError:
            return False
    return event_matches(pattern, record)
