"""Contexts without a server: a store and whatever stands for the clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from local_aws.api import Context
from local_aws.store import Store


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[..., Context]]:
    """A context on a store of its own; the same store each time, as after a restart."""
    store = Store(tmp_path / "own.sqlite3")

    def make(client: Any = None, endpoint: str = "http://localhost:1") -> Context:
        return Context(
            endpoint=endpoint,
            state_dir=tmp_path,
            store=store,
            supervisor=cast(Any, None),
            client=client,
            images={},
        )

    yield make
    store.close()
