"""boto3 clients of the server to itself: services use each other only through their public APIs."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials as Signing

from local_aws.api import REGION

if TYPE_CHECKING:
    from local_aws.identity.credentials import Issuer

CONNECT_TIMEOUT_SECONDS = 5
#: A Lambda invocation may take 15 minutes (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
READ_TIMEOUT_SECONDS = 930
POOL_SIZE = 64


class ClientCache:
    """One client for each service: making one takes up to two seconds, using one is safe for threads."""

    def __init__(self, endpoint: str, region: str = REGION) -> None:
        self._endpoint = endpoint
        self._region = region
        #: The server knows its own calls by it.
        self.access_key = f"local-aws-{secrets.token_hex(8)}"
        self._session = boto3.Session(
            aws_access_key_id=self.access_key, aws_secret_access_key=secrets.token_hex(8), region_name=region
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, endpoint_url=self._endpoint, config=_config())
            return self._clients[service]

    def of_role(self, issuer: Issuer, role: str, session: str, source: str) -> RoleClients:
        """Clients that call as the role's session ``session``."""
        return RoleClients(self, issuer, role, session, source)


class RoleClients:
    """The server's clients, signing with credentials of one role's session, minted at the first use.

    They share the connections of the server's own clients, so that each of a hundred executions may have its own.
    """

    def __init__(self, shared: ClientCache, issuer: Issuer, role: str, session: str, source: str) -> None:
        self._shared = shared
        self._issuer = issuer
        self._session = (role, session, source)
        self._signing: Signing | None = None
        self._access_key: str | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = _signing_with(self._shared(service), self._credentials())
            return self._clients[service]

    def of_role(self, issuer: Issuer, role: str, session: str, source: str) -> RoleClients:
        return self._shared.of_role(issuer, role, session, source)

    def __del__(self) -> None:
        if self._access_key is not None:
            self._issuer.revoke(self._access_key)

    def _credentials(self) -> Signing:
        if self._signing is None:
            role, session, source = self._session
            made = self._issuer.mint(role, session, source=source, internal=True)
            self._access_key = made.access_key
            self._signing = Signing(made.access_key, made.secret_key, made.token)
        return self._signing


class _SigningEvents:
    """A client's events, which put credentials into the signing context of each call before it is made.

    botocore signs a request with the ``request_credentials`` of its signing context where there are any. A copy of
    the events themselves would cost each execution a tenth of a megabyte.
    """

    def __init__(self, events: Any, credentials: Signing) -> None:
        self._events = events
        self._credentials = credentials

    def emit_until_response(self, event_name: str, **arguments: Any) -> Any:
        if event_name.startswith("before-call."):
            context = arguments["context"]
            context["signing"] = {**context.get("signing", {}), "request_credentials": self._credentials}
        return self._events.emit_until_response(event_name, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)


def _signing_with(client: Any, credentials: Signing) -> Any:
    """A twin of a client: the same connections and model, other credentials."""
    # ``copy.copy`` cannot copy a client: it asks for attributes before there are any.
    twin, meta = object.__new__(type(client)), object.__new__(type(client.meta))
    meta.__dict__.update(client.meta.__dict__)
    meta.events = _SigningEvents(client.meta.events, credentials)
    twin.__dict__.update(client.__dict__, meta=meta)
    return twin


def _config() -> Config:
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        # A retried call could start a job twice; the endpoint is in this very process.
        retries={"total_max_attempts": 1},
        max_pool_connections=POOL_SIZE,
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
    )
