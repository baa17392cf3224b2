"""What a user may limit: every setting that the environment can change, with its default and its meaning.

``python -m local_aws limits`` prints this list with the values in force.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


class LimitError(Exception):
    """A setting in the environment is not a number that can be used."""


@dataclass(frozen=True)
class Limit:
    variable: str
    default: float
    meaning: str

    def value(self) -> float:
        text = os.environ.get(self.variable, "")
        if not text:
            return self.default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise LimitError(
                f"{self.variable}={text}: not a number of 0 or more: correct it, or unset it for {self.default:g}"
            )
        return value


CHECKPOINT_ENTRIES = Limit("LOCAL_AWS_CHECKPOINT_ENTRIES", 500, "changes in the journal before a checkpoint")
CHECKPOINT_MEGABYTES = Limit("LOCAL_AWS_CHECKPOINT_MB", 64, "request bodies in the journal before a checkpoint, MB")
CHECKPOINT_IDLE_SECONDS = Limit("LOCAL_AWS_CHECKPOINT_IDLE_SECONDS", 3, "quiet time before a checkpoint, seconds")
LOG_MEGABYTES = Limit("LOCAL_AWS_LOG_MB", 5, "size at which server.log is put aside, MB")
LOG_FILES = Limit("LOCAL_AWS_LOG_FILES", 3, "older server.log files that are kept")
TTL_SECONDS = Limit("LOCAL_AWS_TTL_SECONDS", 5, "pause between two searches for expired DynamoDB items, seconds")
MWAA_SECONDS = Limit("LOCAL_AWS_MWAA_SECONDS", 30, "wait for the answer of an MWAA environment's Airflow, seconds")
LIMITS = (
    *(CHECKPOINT_ENTRIES, CHECKPOINT_MEGABYTES, CHECKPOINT_IDLE_SECONDS),
    *(LOG_MEGABYTES, LOG_FILES, TTL_SECONDS, MWAA_SECONDS),
)


def lines() -> list[str]:
    """Each limit with the value in force, for a reader. Raises ``LimitError`` for a value that cannot be used."""
    return [f"{limit.variable}={limit.value():g}  {limit.meaning} (default {limit.default:g})" for limit in LIMITS]
