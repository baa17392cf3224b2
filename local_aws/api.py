"""What a service module needs to own an operation: the registry, AWS's error shape and the shared context.

A service module registers one typed function for each operation::

    @operation("glue", "StartJobRun")
    def start_job_run(aws: Context, request: StartJobRunRequest) -> StartJobRunResponse: ...

The gateway parses the request by botocore's service model, refuses what the model refuses, calls the function
and serialises its answer by the output shape, in whichever protocol the service speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from local_aws.calls.recorder import Recorder
    from local_aws.identity.credentials import Credentials, Issuer
    from local_aws.processes import Supervisor
    from local_aws.services.mwaa.environments import Airflow
    from local_aws.store import Store

ACCOUNT = "123456789012"
REGION = "us-east-1"


class ApiError(Exception):
    """An error as AWS sends it: a code, a message, an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NotOursError(Exception):
    """An operation's function leaves this one request to moto (``kms.Sign`` over a short raw message, say)."""


class Clients(Protocol):
    """Cached boto3 clients that point to this same endpoint."""

    def __call__(self, service: str) -> Any: ...

    def of_role(self, issuer: Issuer, role: str, session: str, source: str) -> Clients: ...


@dataclass(frozen=True)
class Image:
    """What stands for a container image: a folder to run in and the ENTRYPOINT of its Dockerfile."""

    name: str
    workdir: Path
    entrypoint: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """What the operations share. ``endpoint`` is the URL of this server, without a trailing slash.

    ``role``, ``session`` and ``source`` say as whom its clients call, where that is not the server itself;
    ``credentials`` are what its child processes get.
    """

    endpoint: str
    state_dir: Path
    store: Store
    supervisor: Supervisor
    client: Clients
    images: Mapping[str, Image]
    airflows: Mapping[str, Airflow] = field(default_factory=dict)
    account: str = ACCOUNT
    region: str = REGION
    #: The record of every call.
    calls: Recorder | None = None
    #: Who issues credentials; ``local_aws.identity.acting`` makes contexts that act as a role.
    issuer: Issuer | None = None
    role: str | None = None
    session: str | None = None
    source: str | None = None
    credentials: Credentials | None = None

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


Function = TypeVar("Function", bound=Callable[..., Any])
OPERATIONS: dict[tuple[str, str], Callable[[Context, Any], Any]] = {}


def operation(service: str, name: str) -> Callable[[Function], Function]:
    """Register a function as operation ``name`` of botocore service ``service`` (for example ``stepfunctions``)."""

    def register(function: Function) -> Function:
        key = (service, name)
        if key in OPERATIONS:
            raise ValueError(f"{service}.{name} is owned twice: remove one of the two functions")
        OPERATIONS[key] = function
        return function

    return register
