"""Which dataset version a training run takes, and whether a release is news: rules apart from Airflow's wiring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from airflow.sdk.exceptions import AirflowFailException

#: Why to train where the release says nothing itself.
NEW_VERSION = "a new dataset version was released"


class DatasetChoiceError(AirflowFailException):
    """There is nothing to train on, or the form asks for what it may not; the message says what to fill in."""


class ReleaseEvent(Protocol):
    """An event of the dataset asset: ``extra`` holds ``version``, ``prefix``, ``quarters``, ``requested_by``.

    ``requested_by``: who asked for the run that released the version; None where nobody did. ``reason``: why, if said.
    """

    @property
    def timestamp(self) -> datetime: ...

    @property
    def extra(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True)
class Choice:
    """``request`` is the input of train-and-promote (a TrainingRequest); ``superseded`` versions are not trained on."""

    request: dict[str, Any]
    superseded: tuple[str, ...]


def choose(events: Iterable[ReleaseEvent], params: Mapping[str, Any], asker: str) -> Choice:
    """The newest of the triggering events' versions, or without events what the form says.

    ``asker`` is who started the run by hand, or the asset's name; who had the newest version built comes before the
    asset. Events coalesce while a run is active: the older versions among them are superseded. Raises
    ``DatasetChoiceError``.
    """
    released = [event.extra or {} for event in sorted(events, key=lambda event: event.timestamp, reverse=True)]
    newest_first = [str(extra["version"]) for extra in released]
    if newest_first:
        version, reason = newest_first[0], str(released[0].get("reason") or NEW_VERSION)
        asker = str(released[0].get("requested_by") or asker)
    else:
        version, reason = _from_form(params)
    request = {
        "dataset_version": version,
        "requested_by": f"airflow:{asker}",
        "reason": reason,
        "hyperparameters": {name: str(value) for name, value in (params.get("hyperparameters") or {}).items()},
    }
    superseded = tuple(dict.fromkeys(other for other in newest_first[1:] if other != version))
    return Choice(request, superseded)


def is_news(version: str, already_released: bool, try_number: int, announced: Iterable[str | None]) -> bool:
    """Whether a released version must be announced.

    An unchanged version must not: it was trained on when it was new. But a try that died between releasing and
    announcing leaves a version that the next try finds released and nobody has heard of.
    """
    if not already_released:
        return True
    return try_number > 1 and version not in set(announced)


def _from_form(params: Mapping[str, Any]) -> tuple[str, str]:
    version, reason = params.get("dataset_version"), (params.get("reason") or "").strip()
    if not version:
        raise DatasetChoiceError(
            "no dataset version: trigger the DAG again and fill in `dataset_version` (64 hex digits)"
        )
    if not reason:
        raise DatasetChoiceError(
            "no reason: trigger the DAG again and say in `reason` why to train; the approver reads it"
        )
    return str(version), reason
