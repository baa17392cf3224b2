"""One server that enforces roles, for every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from local_server import LocalServer


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("enforcing")
    with LocalServer(folder / "state", options=["--iam", "enforce"]) as server:
        yield server
