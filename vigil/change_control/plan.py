"""Reading the plan, with errors that name the line and the field, because people write it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from vigil.change_control.models import Plan

__all__ = ["Plan", "PlanError", "load_plan", "parse_plan"]


class PlanError(ValueError):
    """The plan cannot be read or breaks its own rules; the message names file, line and field."""


def load_plan(path: Path) -> Plan:
    """Read ``plan.yaml`` (as written by people) or ``plan.json`` (as jobs receive it)."""
    text = path.read_text(encoding="utf-8")
    return parse_plan(text, source=path.name)


def parse_plan(text: str, source: str = "plan") -> Plan:
    """The plan in ``text``, YAML or JSON. Raises ``PlanError``; ``source`` is how its messages name the text."""
    try:
        _refuse_aliases(text, source)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        _refuse_duplicate_keys(root, source)
        data = json.loads(text) if source.endswith(".json") else yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise PlanError(f"{source}: not readable: {' '.join(str(error).split())}") from error
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise PlanError("\n".join(_describe(problem, root, source) for problem in error.errors())) from error


def _describe(problem: Any, root: yaml.Node | None, source: str) -> str:
    location: tuple[int | str, ...] = problem["loc"]
    field = ".".join(str(part) for part in location) or "plan"
    return f"{source}:{_line_of(root, location)}: {field}: {problem['msg']}"


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line of the field, or of the nearest thing around it that the text holds."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        found = _child(node, part)
        if found is None:
            return line
        line, node = found
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None


def _refuse_aliases(text: str, source: str) -> None:
    """What people sign must read as it is written, so nothing may stand for something elsewhere in the text."""
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise PlanError(f"{source}:{token.start_mark.line + 1}: anchors and aliases are not allowed; write it out")


def _refuse_duplicate_keys(node: yaml.Node | None, source: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                raise PlanError(f"{source}:{key.start_mark.line + 1}: {key.value}: given twice; keep one")
            seen.add(str(key.value))
            _refuse_duplicate_keys(value, source)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicate_keys(item, source)
