"""Limits of the interpreter, and the environment variables of the server that change them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from local_aws.services.job_settings import SettingError

OPEN_EXECUTIONS = "LOCAL_AWS_OPEN_EXECUTIONS"


@dataclass(frozen=True)
class StatesSettings:
    open_executions: int = 1_000_000
    """Executions that run at the same time, from ``LOCAL_AWS_OPEN_EXECUTIONS``; AWS's own limit:
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> StatesSettings:
        """Raises ``SettingError`` for what is not a whole number greater than zero."""
        text = (os.environ if environment is None else environment).get(OPEN_EXECUTIONS)
        if text is None:
            return cls()
        if not text.isdecimal() or int(text) == 0:
            raise SettingError(f"{OPEN_EXECUTIONS}={text!r}: give a whole number greater than zero")
        return cls(int(text))
