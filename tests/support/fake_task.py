"""Stands in for Airflow around an operator or a trigger: a task instance that keeps XComs, and the trigger's loop."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeTaskInstance:
    dag_id: str = "train_model"
    run_id: str = "manual__1"
    task_id: str = "hand_off"
    map_index: int = -1
    try_number: int = 1
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def xcom_pull(self, key: str, **_: Any) -> Any:
        return self.xcoms.get(key)


def first_event(trigger: Any, limit_seconds: float = 60) -> dict[str, Any]:
    """Run a trigger as the triggerer does, to its first event's payload; what it logs goes to caplog."""
    trigger._log = logging.getLogger("trigger")

    async def wait() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(asyncio.wait_for(wait(), limit_seconds))


def remade(trigger: Any) -> Any:
    """The trigger as another process makes it from what Airflow keeps."""
    path, fields = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__qualname__}"
    return type(trigger)(**fields)


class AsyncClient:
    """An asynchronous AWS client that gives prepared answers in order; an exception among them is raised."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        async def call(**request: Any) -> Any:
            self.calls.append((name, request))
            remaining = self._answers[name]
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def lines(caplog: Any) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
