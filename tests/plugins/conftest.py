"""Airflow's home, and local_aws with what the operators read, for tests of the plugins."""

from __future__ import annotations

import os
from collections.abc import Iterator

import airflow_home  # noqa: F401 - before anything imports Airflow
import pytest
from local_server import LocalServer, aws_variables


@pytest.fixture(scope="session")
def local_aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with LocalServer(tmp_path_factory.mktemp("local-aws-plugins")) as server:
        yield server.url


@pytest.fixture
def stack_on_local_aws(local_aws_server: str) -> Iterator[str]:
    """The environment of a task whose stack is on local_aws. Clients are made anew for it."""
    from vigil.aws.environment import aws_client

    with aws_variables(local_aws_server):
        os.environ["VIGIL_STACK"] = "plugins"
        aws_client.cache_clear()
        yield local_aws_server
        aws_client.cache_clear()
