"""Lets a person choose their own password, first of all in place of a temporary one. It can change nothing else."""

from __future__ import annotations

from typing import Any

from vigil.aws.authentication_ports import own_password_ports
from vigil.aws.environment import load_parameters
from vigil.aws.people_desk import choose


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return choose(event, own_password_ports(load_parameters()))
