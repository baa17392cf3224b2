"""Limits of the services that run processes, and the environment variables of the server that change them.

They exist so that a machine with more cores can run more jobs at once, and so that a test need not wait two
minutes for a time limit to pass.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

PREFIX = "LOCAL_AWS_"


class SettingError(Exception):
    """A variable of the server's environment holds no usable number."""


@dataclass(frozen=True)
class JobSettings:
    """Each field is read from ``LOCAL_AWS_<FIELD IN CAPITALS>``."""

    job_slots: int = 1
    """Training, processing and transform jobs that run at once; the others wait in the order of their creation."""
    stop_grace_seconds: float = 120.0
    """From SIGTERM to SIGKILL for a job, as the StopTrainingJob page of the API reference says."""
    server_grace_seconds: float = 30.0
    """From SIGTERM to SIGKILL for a model server, after it has answered what was in flight."""
    ping_limit_seconds: float = 120.0
    """How long a model server may take until it answers /ping, unless its variant says otherwise."""
    invocation_limit_seconds: float = 60.0
    """The model's time to answer a request (API_runtime_InvokeEndpoint)."""
    server_restarts: int = 3
    """How often in ten minutes a model server that died is started again."""
    deployment_second_seconds: float = 1.0
    """How long a second of a deployment configuration's waits lasts."""
    metric_seconds: float = 5.0
    """How often the invocation metrics of endpoints are put to CloudWatch."""
    checkpoint_seconds: float = 30.0
    """How often a training job's new checkpoints are copied to S3 while it runs."""
    log_megabytes: float = 64.0
    """What is kept of one log file: the first quarter and the end of it; the middle of a longer one is dropped."""
    glue_minute_seconds: float = 60.0
    """How long a minute of a Glue time-out lasts."""
    spark_threads: int = 2
    """Cores of the local Spark of a Glue run."""
    spark_memory_mb: int = 2048
    """Heap of its one JVM, in MiB."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> JobSettings:
        """Raises ``SettingError`` for what is not a number greater than zero (zero restarts are allowed)."""
        variables = os.environ if environment is None else environment
        values: dict[str, float] = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            if name in variables:
                values[field.name] = _number(name, variables[name], whole=field.type == "int")
        return cls(**values)  # type: ignore[arg-type]


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = -1
    if value < 0 or (value == 0 and not name.endswith("_RESTARTS")):
        kind = "whole number" if whole else "number"
        raise SettingError(f"{name}={text!r}: give a {kind} greater than zero, or unset it")
    return value
