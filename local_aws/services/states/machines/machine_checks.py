"""Names, ARNs and configurations, refused as Step Functions refuses them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import ApiError, Context
from local_aws.services.states.definitions.check import check, diagnose
from local_aws.services.states.definitions.problems import DefinitionError, Problem
from local_aws.services.states.executions.express import problems_of_express, problems_of_express_children

#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
FORBIDDEN_IN_NAMES = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]""")
MAX_NAME = 80
#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_TAGS = 50
LOG_GROUP_ARN = re.compile(r"arn:aws[\w-]*:logs:[\w-]+:\d{12}:log-group:(?P<group>[^:*]+)(?P<rest>.*)")
AWS_OWNED_KEY = "AWS_OWNED_KEY"


def check_arn(arn: str, form: re.Pattern[str]) -> None:
    if form.fullmatch(arn):
        return
    parts = arn.split(":")
    if len(parts) > 5 and parts[0] == "arn" and parts[2] == "states":
        raise ApiError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {parts[5]}'")
    raise ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or FORBIDDEN_IN_NAMES.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    if len(tags) > MAX_TAGS:
        raise ApiError("TooManyTags", f"A state machine may have at most {MAX_TAGS} tags: remove some first")


def definition_problems(text: str, kind: str) -> list[Problem]:
    """Everything that is wrong with a definition for a machine of this type, or looks wrong."""
    found = diagnose(text)
    if _errors(found):
        return found
    check_kind = problems_of_express if kind == "EXPRESS" else problems_of_express_children
    return [*found, *check_kind(check(text))]


def check_definition(text: str, kind: str) -> None:
    errors = _errors(definition_problems(text, kind))
    if errors:
        error = DefinitionError(errors)
        raise ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{error}'") from error


def _errors(found: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in found if problem.severity == "ERROR"]


def checked_logging(aws: Context, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as DescribeStateMachine shows it.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_LoggingConfiguration.html; the messages are
    recorded behaviour.
    """
    destinations = configuration.get("destinations")
    known = {"level": configuration.get("level", "OFF")}
    known["includeExecutionData"] = configuration.get("includeExecutionData", False)
    if destinations is not None:
        known["destinations"] = destinations
    if known["level"] == "OFF" and not destinations:
        return known
    if not destinations or len(destinations) != 1:
        raise _invalid_logging("Must specify exactly one Log Destination.")
    arn = destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
    match = LOG_GROUP_ARN.fullmatch(arn)
    if match is None:
        raise _invalid_logging("Log Destination is not a CloudWatch Logs log group ARN.")
    if match["rest"] != ":*":
        raise _invalid_logging("Log Group ARN must be provided with '*' qualifier.")
    _check_group_exists(aws, match["group"])
    return known


def log_group(configuration: Mapping[str, Any]) -> str | None:
    """The log group that a checked configuration writes to; None where nothing is logged."""
    if configuration.get("level", "OFF") == "OFF" or not configuration.get("destinations"):
        return None
    match = LOG_GROUP_ARN.fullmatch(configuration["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"])
    return None if match is None else match["group"]


def _check_group_exists(aws: Context, group: str) -> None:
    try:
        found = aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    except (ClientError, BotoCoreError) as error:
        raise _invalid_logging("Log Destination is not accessible.") from error
    if group not in [one["logGroupName"] for one in found]:
        raise _invalid_logging("Log Destination not found.")


def _invalid_logging(reason: str) -> ApiError:
    return ApiError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {reason}")


def checked_tracing(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Kept and shown; no trace is sent."""
    return {"enabled": bool(configuration.get("enabled", False))}


def check_encryption(configuration: Mapping[str, Any] | None) -> None:
    """Nothing is encrypted here, so only the key that shows nothing of itself is taken."""
    if configuration is not None and configuration.get("type") != AWS_OWNED_KEY:
        raise ApiError(
            "InvalidEncryptionConfiguration",
            "Invalid Encryption Configuration: local_aws keeps state machines unencrypted on this machine: "
            f"use type {AWS_OWNED_KEY}",
        )
