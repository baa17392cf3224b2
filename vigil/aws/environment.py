"""The one module that reads the environment: the stack's name, its parameters, and clients for AWS.

Every name, ARN and interval comes from SSM parameters under ``/vigil/<stack>/``, at run time. What differs
between an account and one machine is the stack's name, the endpoint variables that boto3 itself reads, and
credentials.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, ValidationError

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 60  # a Lambda or an endpoint answers within it; the longest SQS poll is 20
MAX_ATTEMPTS = 5
DEFAULT_SERVING_PORT = 8080  # what SageMaker calls when it sets no SAGEMAKER_BIND_TO_PORT


class ConfigurationError(Exception):
    """The environment or the stack's parameters lack something; the message names it and what to do."""


class _Group(BaseModel):
    """One folder of parameters. A field ``train_model`` is the parameter ``train-model``."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",  # a newer stack may have more than this code needs
        populate_by_name=True,
        alias_generator=AliasGenerator(validation_alias=lambda field: field.replace("_", "-")),
    )


class Buckets(_Group):
    raw: str
    datasets: str
    models: str
    code: str
    capture: str
    audit: str


class Queues(_Group):
    """URLs."""

    train_model: str
    training_results: str


class Tables(_Group):
    approvals: str
    runs: str
    models: str
    ledger: str
    people: str
    monitoring: str


class Topics(_Group):
    """ARNs."""

    notifications: str


class Keys(_Group):
    """ARNs of KMS keys: ``signing`` and ``checkpoint`` are ECC_NIST_P256 for SIGN_VERIFY, ``data`` is symmetric."""

    signing: str
    data: str
    checkpoint: str


class StateMachines(_Group):
    """ARNs."""

    train_and_promote: str
    update_endpoint: str
    roll_back: str
    retrain_on_drift: str


class Glue(_Group):
    """``database`` is that of the Data Catalog."""

    curate_job: str
    database: str


class SageMaker(_Group):
    """``role``: of training, evaluation and serving; ``monitor_role``: of the jobs that read what was captured."""

    role: str
    monitor_role: str
    image: str
    model_package_group: str
    endpoint: str
    instance_type: str


class Cognito(_Group):
    user_pool: str
    client: str


class Signing(_Group):
    """An OpenID provider that signs people in beside the stack's own pool; each is ``none`` where there is no other.

    ``required_acr``: what its tokens must say of the sign-in's strength, or ``PROVIDER_ASKS_FOR_TWO``; while it is
    ``none``, that provider signs nobody in.
    """

    issuer: str
    audience: str
    jwks_uri: str
    required_acr: str


class Dvc(_Group):
    """``registry_secret`` is the name of a secret whose JSON holds ``url``."""

    registry_secret: str


class Code(_Group):
    """``plan_changed_by``: who changed the change control plan, as version control says."""

    revision: str
    plan_changed_by: str


class Functions(_Group):
    """Names of functions that people's tools and Airflow invoke."""

    approval_desk: str
    manage_people: str
    choose_password: str
    record_release: str
    start_monitor: str
    override_drift: str
    request_rollback: str


class Airflow(_Group):
    """``url``: of Airflow's UI, for links in mail; ``none`` where mail holds no link.

    ``environment``: name of the MWAA environment whose REST API is asked for retrainings; ``none`` where none is.
    """

    url: str
    environment: str


class People(_Group):
    """``airflow_signers``: a JSON object of Airflow user names to signers; ``same-names`` where they are the same.

    ``mail_sender``: the address that mail to approvers comes from; ``none`` where none is sent.
    """

    airflow_signers: str
    mail_sender: str


class Monitoring(_Group):
    """``home``: what runs monitors by themselves, ``model-monitor`` (SageMaker's schedules) or ``scheduler``.

    ``schedule``: cron expression in the dialect of both, ``cron(0 5 ? * * *)``.
    """

    home: str
    schedule: str


class Timing(_Group):
    """Each can only shorten what the change control plan says."""

    approval_timeout_seconds: int
    shadow_seconds: int
    canary_bake_seconds: int


class StackParameters(_Group):
    """All parameters of one stack; field ``dvc.registry_secret`` is the parameter ``dvc/registry-secret``."""

    buckets: Buckets
    queues: Queues
    tables: Tables
    topics: Topics
    keys: Keys
    state_machines: StateMachines
    glue: Glue
    sagemaker: SageMaker
    cognito: Cognito
    signing: Signing
    functions: Functions
    dvc: Dvc
    code: Code
    people: People
    airflow: Airflow
    monitoring: Monitoring
    timing: Timing


def stack_name() -> str:
    """The stack's name: ``VIGIL_STACK``, or Airflow's option ``[vigil] stack`` as MWAA passes it."""
    name = os.environ.get("VIGIL_STACK") or os.environ.get("AIRFLOW__VIGIL__STACK")
    if not name:
        raise ConfigurationError(
            "no stack is named: set VIGIL_STACK (on MWAA the configuration option vigil.stack) to its name"
        )
    return name


def code_revision() -> str:
    """The revision of the code that a job runs, as its request pinned it."""
    return _required("VIGIL_CODE_REVISION", "the job's request must set it from the pinned run")


def expected_artefact_digest() -> str:
    """The digest that the served model must have, as CreateModel pinned it."""
    return _required("VIGIL_ARTEFACT_DIGEST", "the model must be created by the state machine update-endpoint")


def monitoring_environment() -> Mapping[str, str]:
    """All variables of a monitoring job: ``vigil.monitoring.contract`` knows their names."""
    return os.environ


def function_name() -> str:
    """The Lambda function that runs this, as the runtime names it; its role has the same name."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or f"vigil-{stack_name()}-function"


def serving_port() -> int:
    return int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or DEFAULT_SERVING_PORT)


def parse_parameters(stack: str, values: Mapping[str, str]) -> StackParameters:
    """``values`` maps full parameter names to text. Raises ``ConfigurationError`` naming what is missing."""
    prefix = parameter_prefix(stack)
    groups: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        group, _, field = name.removeprefix(prefix).partition("/")
        groups.setdefault(group, {})[field] = value
    for field in StackParameters.model_fields:
        groups.setdefault(field.replace("_", "-"), {})
    try:
        return StackParameters.model_validate(groups)
    except ValidationError as error:
        wrong = "; ".join(
            f"{prefix}{'/'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise ConfigurationError(
            f"the stack {stack!r} is not deployed as this code expects, deploy it again: {wrong}"
        ) from error


def parameter_prefix(stack: str) -> str:
    return f"/vigil/{stack}/"


def load_parameters(ssm: Any = None) -> StackParameters:
    """Read all parameters of the stack, with the client ``ssm`` if one is given."""
    stack = stack_name()
    return parse_parameters(stack, dict(_read_path(ssm or aws_client("ssm"), parameter_prefix(stack))))


@cache
def aws_client(service: str) -> Any:
    """A boto3 client with time-outs and limited retries, made once for each process: it costs 0.1 to 2 s."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "max_attempts": MAX_ATTEMPTS},
        ),
    )


def _required(name: str, advice: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigurationError(f"the environment variable {name} is not set: {advice}")
    return value


def _read_path(ssm: Any, prefix: str) -> Iterator[tuple[str, str]]:
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=prefix.rstrip("/"), Recursive=True)
    for page in pages:
        for parameter in page["Parameters"]:
            yield parameter["Name"], parameter["Value"]
