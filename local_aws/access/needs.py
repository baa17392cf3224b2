"""What a call needs: the IAM actions and resources that stand for one API call.

Actions that have the operation's name and resources that its parameters name are found by AWS's own table; the rest
is in the modules of the services that differ.
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_aws.access.action_table import actions
from local_aws.access.patterns import matches_arn
from local_aws.api import ACCOUNT, REGION

Parameters = Mapping[str, Any]
ANY = "*"

#: IAM's prefix where it is not botocore's name of the service.
PREFIXES = {
    "stepfunctions": "states",
    "sagemaker-runtime": "sagemaker",
    "dynamodbstreams": "dynamodb",
    "sesv2": "ses",
    "mwaa": "airflow",
}
#: Operations whose action has another name.
OTHER_NAMES = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sns", "PublishBatch"): "Publish",
    ("states", "StartSyncExecution"): "StartSyncExecution",
}
VARIABLE = re.compile(r"\$\{(\w+)\}")
FIXED = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}


@dataclass(frozen=True)
class Need:
    """An action on a resource; access to any one of the ``others`` is as good. ``context`` are condition keys."""

    action: str
    resource: str = ANY
    others: Sequence[str] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


#: A service whose calls the table alone does not explain: (operation, parameters) to needs, or None to leave it.
Explains = Callable[[str, Parameters], "list[Need] | None"]


def prefix_of(service: str) -> str:
    return PREFIXES.get(service, service)


def from_table(service: str, operation: str, parameters: Parameters) -> list[Need]:
    """The action of the operation's name on each resource that the parameters name; on ``*`` when they name none."""
    prefix = prefix_of(service)
    name = OTHER_NAMES.get((prefix, operation), operation)
    known = actions(prefix).get(name.lower())
    if known is None:
        return [Need(f"{prefix}:{name}")]
    named = dict.fromkeys(_named(known.resources.values(), parameters))
    return [Need(f"{prefix}:{known.name}", resource) for resource in named] or [Need(f"{prefix}:{known.name}")]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _named(patterns: Iterator[str] | Any, parameters: Parameters) -> Iterator[str]:
    texts = [value for value in parameters.values() if isinstance(value, str)]
    arns = [text for text in texts if text.startswith("arn:")]
    by_name = {key.lower(): value for key, value in parameters.items() if isinstance(value, str)}
    for pattern in patterns:
        given = [text for text in arns if _is_of(pattern, text)]
        if given:
            yield given[0]
        elif (built := _built(pattern, by_name)) is not None:
            yield built


def _is_of(pattern: str, text: str) -> bool:
    """Whether an ARN is one of this resource type."""
    return matches_arn(VARIABLE.sub("*", pattern), text)


def _built(pattern: str, by_name: Mapping[str, str]) -> str | None:
    """The ARN whose variables are all parameters of their names, in whatever case."""
    names = [name for name in VARIABLE.findall(pattern) if name not in FIXED]
    values = {name: by_name.get(name.lower()) for name in names}
    if not names or any(value is None or value.startswith("arn:") for value in values.values()):
        return None
    return VARIABLE.sub(lambda match: FIXED.get(match[1]) or str(values[match[1]]), pattern)
