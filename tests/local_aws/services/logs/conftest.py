"""A context with a store and no server: the log group's client does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from local_aws.api import Context
from local_aws.services.logs import following
from local_aws.store import Store


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    client = MagicMock()
    client.exceptions.ResourceAlreadyExistsException = type("Exists", (Exception,), {})
    supervisor: Any = MagicMock()
    store = Store(tmp_path / "state.sqlite3")
    yield Context("http://unused", tmp_path, store, supervisor, lambda service: client, {})
    following.shutdown(Context("http://unused", tmp_path, store, supervisor, lambda service: client, {}))
    store.close()
