"""moto's SSM without moto's EC2, which it imports for one look at instances and which takes half of a server's start.

Whoever asks for EC2 has it all the same: it is imported then.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Ec2WhenAsked:
    """Stands for EC2's backends by account in moto's SSM."""

    def __getitem__(self, account: str) -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[account]


def _without_ec2() -> ModuleType:
    if {"moto.ec2", "moto.ssm"} & set(sys.modules):
        return import_module("moto.ssm.models")  # too late: both are here
    stand_in = ModuleType("moto.ec2")
    stand_in.ec2_backends = _Ec2WhenAsked()  # type: ignore[attr-defined]
    sys.modules["moto.ec2"] = stand_in
    try:
        return import_module("moto.ssm.models")
    finally:
        del sys.modules["moto.ec2"]


_models = _without_ec2()
Parameter: Any = _models.Parameter
ssm_backends: Any = _models.ssm_backends
SSMException: Any = import_module("moto.ssm.exceptions").SSMException
