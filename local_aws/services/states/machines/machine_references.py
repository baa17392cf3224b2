"""What a state machine ARN names: the machine, one of its versions, or an alias that chooses between versions.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from local_aws.api import ApiError, Context
from local_aws.services.states.machines.machine_checks import check_arn
from local_aws.services.states.models import Alias, Machine, Version
from local_aws.services.states.records import Records

MACHINE_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:.+")
MACHINE_PARTS = 7


@dataclass(frozen=True)
class Reference:
    """``machine`` is the machine as it is, or as it was when ``version`` was published."""

    machine: Machine
    version: Version | None = None
    alias: Alias | None = None


def machine_part(arn: str) -> str:
    """The ARN without a version or alias."""
    return ":".join(arn.split(":")[:MACHINE_PARTS])


def qualifier(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[MACHINE_PARTS] if len(parts) == MACHINE_PARTS + 1 else None


def version_number(arn: str) -> int | None:
    """The number of a version's ARN; None for every other ARN."""
    name = qualifier(arn)
    return int(name) if name is not None and name.isdecimal() else None


def find_machine(aws: Context, arn: str) -> Machine:
    """An unqualified machine. Raises ``ApiError`` InvalidArn, StateMachineDoesNotExist or StateMachineDeleting."""
    check_arn(arn, MACHINE_ARN)
    machine = Records(aws.store).machine(arn)
    if machine is None:
        raise does_not_exist(arn)
    return machine


def changeable_machine(aws: Context, arn: str) -> Machine:
    """A machine that is not being deleted; a version or alias cannot be changed through this ARN."""
    if "/" in arn or qualifier(arn) is not None:
        raise ApiError(
            "ValidationException", f"The ARN of a state machine is wanted here, without a qualifier: '{arn}'"
        )
    machine = find_machine(aws, arn)
    if machine.get("deleting"):
        raise ApiError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")
    return machine


def resolve(aws: Context, arn: str, chance: random.Random | None = None) -> Reference:
    """What StartExecution starts. An alias chooses one of its versions by their weights."""
    records = Records(aws.store)
    _refuse_label(arn)
    check_arn(arn, MACHINE_ARN)
    if qualifier(arn) is None:
        return Reference(find_machine(aws, arn))
    if version_number(arn) is not None:
        version = records.version(arn)
        if version is None:
            raise does_not_exist(arn)
        return Reference(version["machine"], version)
    alias = records.alias(arn)
    if alias is None:
        raise does_not_exist(arn)
    routes = alias["routes"]
    # The choice spreads work; it guards nothing.
    weights = [route["weight"] for route in routes]
    [route] = (chance or random.Random()).choices(routes, weights)  # noqa: S311
    version = records.version(route["stateMachineVersionArn"])
    if version is None:
        raise does_not_exist(route["stateMachineVersionArn"])
    return Reference(version["machine"], version, alias)


def _refuse_label(arn: str) -> None:
    if "/" in arn:
        raise ApiError("ValidationException", f"The ARN of a Map state cannot be used here: '{arn}'")


def does_not_exist(arn: str) -> ApiError:
    return ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
