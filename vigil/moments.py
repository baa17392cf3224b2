"""Moments as Vigil stores and signs them: UTC, microseconds, one fixed width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, PlainSerializer


def timestamp(moment: datetime) -> str:
    """UTC with microseconds. Of fixed width, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


#: Gives the server's time; injected, so that tests can move it.
Clock = Callable[[], datetime]

Moment = Annotated[AwareDatetime, PlainSerializer(timestamp, return_type=str)]
