"""``FilterCriteria``: which records a mapping wants, in EventBridge's pattern language as moto reads it."""

from __future__ import annotations

import json
from typing import Any

from moto.events.models import EventPattern


def matches(mapping: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether any of the mapping's filters accepts the record; a mapping without filters wants all.

    A ``body`` that is JSON is matched by its content, as Lambda does
    (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
    """
    filters = (mapping.get("FilterCriteria") or {}).get("Filters") or []
    if not filters:
        return True
    if isinstance(record.get("body"), str):
        record = {**record, "body": _parsed(record["body"])}
    event: Any = record
    return any(EventPattern.load(each["Pattern"]).matches_event(event) for each in filters)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
