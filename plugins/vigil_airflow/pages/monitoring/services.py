"""What the page needs from outside, each made in one place; tests put theirs in by ``dependency_overrides``."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Protocol

from fastapi import Depends

from vigil.monitoring.models import Monitor, Window
from vigil.monitoring.shown import Overview, Schedule, WindowDetail


class MonitoringReader(Protocol):
    def overviews(self) -> list[Overview]:
        """One for each endpoint with a model in service."""
        ...

    def window(self, window: Window, monitor: Monitor) -> WindowDetail | None: ...

    def schedule(self) -> Schedule: ...


@cache
def reader() -> MonitoringReader:
    from vigil.aws.environment import load_parameters
    from vigil.aws.monitoring_view import monitoring_view

    return monitoring_view(load_parameters())


ReaderDep = Annotated[MonitoringReader, Depends(reader)]
