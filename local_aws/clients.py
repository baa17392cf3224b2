"""boto3 clients of the server to itself: services use each other only through their public APIs."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from local_aws.api import REGION

CONNECT_TIMEOUT_SECONDS = 5
#: A Lambda invocation may take 15 minutes (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
READ_TIMEOUT_SECONDS = 930
POOL_SIZE = 64


class ClientCache:
    """One client for each service: making one takes up to two seconds, using one is safe for threads."""

    def __init__(self, endpoint: str, region: str = REGION) -> None:
        self._endpoint = endpoint
        self._region = region
        self._session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - what moto expects; nothing is protected by it
            region_name=region,
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, endpoint_url=self._endpoint, config=_config())
            return self._clients[service]


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
