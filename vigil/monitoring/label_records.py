"""Ground truth as it is written: Model Monitor's records, and the lines in which other systems send labels.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html;
``labels`` reads the records back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: A line of a label is short; a longer one is something else.
LONGEST_LINE = 4096


class LabelError(ValueError):
    """A line is no label; the message names line and field, never what is in it."""


class Label(BaseModel):
    """One line of another system: whether a case that it had scored turned out serious."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    inference_id: str = Field(min_length=1, max_length=64)
    case_id: str = Field(min_length=1, max_length=100)
    serious: bool


def record(inference_id: str, labels: Mapping[str, bool]) -> str:
    """One line of ground truth: the labels of one request's cases."""
    data = {"data": json.dumps(dict(labels), sort_keys=True), "encoding": "JSON"}
    line = {"groundTruthData": data, "eventMetadata": {"eventId": inference_id}, "eventVersion": "0"}
    return json.dumps(line, sort_keys=True) + "\n"


def read_labels(lines: Iterable[str]) -> Iterator[Label]:
    """Labels of JSON Lines; blank lines are passed over. Raises ``LabelError`` for the first line that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            raise LabelError(f"line {number}: longer than {LONGEST_LINE} characters: one label on each line")
        try:
            yield Label.model_validate_json(line)
        except ValidationError as error:
            fields = error.errors(include_input=False, include_url=False, include_context=False)
            wrong = "; ".join(f"{_field(one['loc'])}: {one['msg']}" for one in fields)
            raise LabelError(f"line {number}: {wrong}") from None


def records(labels: Iterable[Label]) -> Iterator[str]:
    """A line of ground truth for each request, in the order in which requests are first named.

    A case that is labelled twice in one request keeps both: the second goes to a line of its own, and whoever reads
    them counts what is duplicate and what contradicts.
    """
    open_lines: dict[str, dict[str, bool]] = {}
    for label in labels:
        known = open_lines.setdefault(label.inference_id, {})
        if label.case_id in known:
            yield record(label.inference_id, open_lines.pop(label.inference_id))
            known = open_lines.setdefault(label.inference_id, {})
        known[label.case_id] = label.serious
    for inference_id, known in open_lines.items():
        yield record(inference_id, known)


def _field(location: tuple[int | str, ...]) -> str:
    """The name of a field that we know; another one is the sender's own text."""
    name = str(location[0]) if location else ""
    return name if name in Label.model_fields else ("an unknown field" if name else "the line")
