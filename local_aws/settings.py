"""Every variable of the environment that changes what the server does, with its default and its meaning.

``python -m local_aws limits`` prints this list with the values in force; ``start`` refuses a value that cannot be used
before anything else. A field is read from ``LOCAL_AWS_<FIELD IN CAPITALS>``; a variable that is empty counts as unset.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, TypeVar

PREFIX = "LOCAL_AWS_"
Value = TypeVar("Value", int, float, str)


class SettingError(Exception):
    """An option or a variable of the server's environment cannot be used; the message says what to give instead."""


def _setting(default: Value, meaning: str, *, zero: bool = False, form: str = ".*", wanted: str = "") -> Value:
    """A number is above zero, or with ``zero`` not below; a text has the ``form``: ``wanted`` says which that is."""
    metadata = {"meaning": meaning, "zero": zero, "form": form, "wanted": wanted}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class _FromEnvironment:
    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """``environment`` is the process's own unless given. Raises ``SettingError``."""
        variables = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for each in fields(cls):
            name = PREFIX + each.name.upper()
            if text := variables.get(name):
                values[each.name] = _read(name, text, each.default, each.metadata)
        return cls(**values)

    def lines(self) -> list[str]:
        """Each variable with the value in force, for a reader."""
        return [
            f"{PREFIX}{each.name.upper()}={_shown(getattr(self, each.name))}"
            f"  {each.metadata['meaning']} (default {_shown(each.default) or 'none'})"
            for each in fields(self)
        ]


def _read(name: str, text: str, default: object, rule: Mapping[str, Any]) -> int | float | str:
    if isinstance(default, str):
        if not re.fullmatch(rule["form"], text):
            raise SettingError(f"{name}={text!r}: give {rule['wanted']}, or unset it")
        return text
    whole = isinstance(default, int)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = -1
    if not math.isfinite(value) or value < 0 or (value == 0 and not rule["zero"]):
        kind = f"{'whole ' * whole}number {'of zero or more' if rule['zero'] else 'greater than zero'}"
        raise SettingError(f"{name}={text!r}: give a {kind}, or unset it")
    return value


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class ServerSettings(_FromEnvironment):
    """What concerns the server as a whole."""

    checkpoint_entries: int = _setting(500, "changes in the journal before a checkpoint", zero=True)
    checkpoint_mb: float = _setting(64.0, "request bodies in the journal before a checkpoint, MB", zero=True)
    checkpoint_idle_seconds: float = _setting(3.0, "quiet time before a checkpoint, seconds", zero=True)
    log_mb: float = _setting(5.0, "size at which server.log is put aside, MB", zero=True)
    log_files: int = _setting(3, "older server.log files that are kept", zero=True)
    ttl_seconds: float = _setting(5.0, "pause between two searches for expired DynamoDB items, seconds", zero=True)
    mwaa_seconds: float = _setting(30.0, "wait for the answer of an MWAA environment's Airflow, seconds", zero=True)
    calls_kept: int = _setting(100_000, "newest calls that the record of calls keeps")
    iam: str = _setting(
        "off",
        "whether policies are asked about each call (off, record, enforce); --iam goes before it",
        form="off|record|enforce",
        wanted="one of off, record, enforce",
    )
    mail_dir: str = _setting("", "outbox for mail instead of <state folder>/mail; --mail-dir goes before it")


@dataclass(frozen=True)
class JobSettings(_FromEnvironment):
    """What concerns jobs, endpoints and their processes.

    A machine with more cores can run more jobs at once; a test need not wait two minutes for a time limit to pass.
    """

    job_slots: int = _setting(1, "training, processing and transform jobs that run at once; the others wait in order")
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html
    stop_grace_seconds: float = _setting(120.0, "from SIGTERM to SIGKILL for a job, seconds")
    server_grace_seconds: float = _setting(30.0, "from SIGTERM to SIGKILL for a model server without requests, seconds")
    ping_limit_seconds: float = _setting(120.0, "until a model server answers /ping, unless its variant says, seconds")
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    invocation_limit_seconds: float = _setting(60.0, "a model's time to answer a request, seconds")
    server_restarts: int = _setting(3, "starts of a model server that died, in ten minutes", zero=True)
    deployment_second_seconds: float = _setting(1.0, "how long a second of a deployment's waits lasts, seconds")
    metric_seconds: float = _setting(5.0, "how often endpoints' invocation metrics are put, seconds")
    checkpoint_seconds: float = _setting(30.0, "how often a training job's checkpoints are copied to S3, seconds")
    log_megabytes: float = _setting(64.0, "what is kept of one log: its first quarter and its end, MB")
    glue_minute_seconds: float = _setting(60.0, "how long a minute of a Glue time-out lasts, seconds")
    spark_threads: int = _setting(2, "cores of the local Spark of a Glue run")
    spark_memory_mb: int = _setting(2048, "heap of its one JVM, MiB")


@dataclass(frozen=True)
class StatesSettings(_FromEnvironment):
    """What concerns state machines."""

    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    open_executions: int = _setting(1_000_000, "executions that run at the same time")
    # The same page: AWS keeps them for 90 days.
    execution_days: float = _setting(90.0, "how long an ended execution, its history and tokens are kept, days")
    # AWS runs up to 10,000; here a Map without MaxConcurrency gets as many places as one in inline mode has.
    map_concurrency: int = _setting(40, "children of one map run that work at once, each on a thread")

    def children_at_once(self, max_concurrency: int) -> int:
        """How many children of a map run work at once; ``max_concurrency`` is the Map's own limit, 0 for none."""
        return min(max_concurrency, self.map_concurrency) if max_concurrency else self.map_concurrency


@dataclass(frozen=True)
class FaultSettings(_FromEnvironment):
    """What a test of the server itself asks for."""

    kill_at: str = _setting(
        "",
        "place at which the server ends as kill -9 ends it, and at which time: name:count",
        form=r"[a-z.]+(:\d+)?",
        wanted="the name of a place, or name:count",
    )


GROUPS = (ServerSettings, JobSettings, StatesSettings, FaultSettings)


def lines(environment: Mapping[str, str] | None = None) -> list[str]:
    """Every variable with the value in force. Raises ``SettingError`` for a value that cannot be used."""
    return [line for group in GROUPS for line in group.from_environment(environment).lines()]
