"""Limits of the interpreter, and the environment variables of the server that change them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from local_aws.services.job_settings import PREFIX, SettingError


@dataclass(frozen=True)
class StatesSettings:
    """Each field is read from ``LOCAL_AWS_<FIELD IN CAPITALS>``."""

    open_executions: int = 1_000_000
    """Executions that run at the same time; AWS's own limit:
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""
    map_concurrency: int = 40
    """Children of one map run that work at the same time, each on a thread. AWS runs up to 10,000; here a Map without
    MaxConcurrency gets as many places as one in inline mode has."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> StatesSettings:
        """Raises ``SettingError`` for what is not a whole number greater than zero."""
        variables = os.environ if environment is None else environment
        values: dict[str, int] = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            text = variables.get(name)
            if text is None:
                continue
            if not text.isdecimal() or int(text) == 0:
                raise SettingError(f"{name}={text!r}: give a whole number greater than zero")
            values[field.name] = int(text)
        return cls(**values)

    def children_at_once(self, max_concurrency: int) -> int:
        """How many children of a map run work at once; ``max_concurrency`` is the Map's own limit, 0 for none."""
        return min(max_concurrency, self.map_concurrency) if max_concurrency else self.map_concurrency
