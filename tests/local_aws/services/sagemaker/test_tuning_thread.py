"""The thread of the tuning jobs outlives a store that cannot be read. Recorded behaviour of this server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.api import Context
from local_aws.services.sagemaker.tuning_run import Coordinator


def test_a_failed_look_is_followed_by_another(
    make_context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, looks, again = make_context(), [0], threading.Event()

    def listed(*_: Any) -> list[Any]:
        looks[0] += 1
        if looks[0] == 1:
            raise OSError("no disk")
        again.set()
        return []

    monkeypatch.setattr(context.store, "list", listed)
    coordinator = Coordinator(context)
    assert again.wait(60)
    coordinator.close()
