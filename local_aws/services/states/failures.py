"""Errors as documents, and documents as errors."""

from __future__ import annotations

import sqlite3

from local_aws.api import ApiError
from local_aws.services.states.errors import StateError
from local_aws.services.states.models import Failure


def failure_of(error: StateError, cause: str | None = None) -> Failure:
    """``cause`` replaces the error's own."""
    return {
        "error": error.error,
        "cause": error.cause if cause is None else cause,
        "terminal": error.terminal,
        "heartbeat": error.heartbeat,
    }


def error_of(failure: Failure) -> StateError:
    terminal, heartbeat = failure["terminal"], failure["heartbeat"]
    return StateError(failure["error"], failure["cause"], terminal=terminal, heartbeat=heartbeat)


def is_store_failure(error: Exception) -> bool:
    """Whether the state folder, not the machine's definition, is what failed."""
    return isinstance(error, sqlite3.Error) or (isinstance(error, ApiError) and error.code == "ServiceUnavailable")
