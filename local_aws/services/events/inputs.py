"""What a rule's target receives: the event, a constant, a part of the event, or a filled template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import Any

PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
STEP = re.compile(r"\.([A-Za-z0-9_\-@#$*]+)|\['([^']+)'\]|\[(\d+)\]")
ABSENT = object()


def payload(target: dict[str, Any], event: dict[str, Any], rule_arn: str, ingested: str) -> str:
    """The text for the target. ``ingested`` is when the bus took the event, as ISO 8601 text."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = at_path(event, target["InputPath"])
        return json.dumps(None if found is ABSENT else found)
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        values = {name: at_path(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
        values.update(
            {
                "aws.events.rule-arn": rule_arn,
                "aws.events.rule-name": rule_arn.rpartition("/")[2],
                "aws.events.event.ingestion-time": ingested,
                "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
                "aws.events.event.json": event,
            }
        )
        return filled(transformer["InputTemplate"], values)
    return json.dumps(event)


def http_parameters(value: Any, event: dict[str, Any]) -> Any:
    """HttpParameters of an API destination; a value that is a path stands for that part of the event.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html
    """
    if isinstance(value, dict):
        return {name: http_parameters(part, event) for name, part in value.items()}
    if isinstance(value, list):
        return [http_parameters(part, event) for part in value]
    if not value.startswith("$."):
        return value
    found = at_path(event, value)
    if found is ABSENT:
        return ""
    return found if isinstance(found, str) else json.dumps(found)


def check_path(path: str) -> None:
    """``ValueError`` for what is not EventBridge's part of JSONPath: ``$``, names and array indexes."""
    if not path.startswith("$") or STEP.sub("", path[1:]):
        raise ValueError(f"Invalid JSON path {path}: it is $ followed by .name or [number]")


def at_path(event: Any, path: str) -> Any:
    """The value at a path, or ``ABSENT``."""
    value = event
    for dotted, quoted, index in STEP.findall(path[1:]):
        name = dotted or quoted
        if name:
            value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else ABSENT
        if value is ABSENT:
            return ABSENT
    return value


def filled(template: str, values: dict[str, Any]) -> str:
    """The template with its placeholders replaced: as JSON outside of quotes, as plain text within them."""
    parts, end, quoted = [], 0, False
    for match in PLACEHOLDER.finditer(template):
        between = template[end : match.start()]
        quoted ^= _quotes(between) % 2 == 1
        parts.append(between)
        end = match.end()
        name = match[1]
        if name not in values:
            parts.append(match[0])
        else:
            parts.append(_inside_text(values[name]) if quoted else _as_json(values[name]))
    parts.append(template[end:])
    return "".join(parts)


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))


def _as_json(value: Any) -> str:
    return '""' if value is ABSENT else json.dumps(value)


def _inside_text(value: Any) -> str:
    """A value that the event lacks leaves nothing."""
    if value is ABSENT:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
