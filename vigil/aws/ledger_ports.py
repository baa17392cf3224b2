"""The ledger as functions use it: in their own name, and loudly, for what cannot be recorded must not go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.audit.models import Actor, Entry, Record
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client, function_name
from vigil.aws.ledger_table import Appended, LedgerBusyError, LedgerTable


class LedgerUnavailableError(Exception):
    """Nothing could be recorded, so the step is not done. Step Functions matches this class by its name and retries."""


class RequiredLedger:
    """``LedgerWriter`` whose failures have one name, whatever DynamoDB calls them."""

    def __init__(self, client: Any, table: str) -> None:
        self._ledger = LedgerTable(client, table, server_time)

    def append(self, entry: Entry) -> Record:
        return self.append_with(entry, ()).record

    def append_with(self, entry: Entry, changes: Sequence[dict[str, Any]], following: Sequence[Entry] = ()) -> Appended:
        """See ``LedgerTable.append_with``; ``ConditionFailedError`` is raised as it is."""
        try:
            return self._ledger.append_with(entry, changes, following)
        except (BotoCoreError, ClientError, LedgerBusyError) as error:
            raise LedgerUnavailableError(f"{entry.event} could not be recorded, try again: {error}") from error

    def find(self, chain: str, key: str) -> Record | None:
        try:
            return self._ledger.find(chain, key)
        except (BotoCoreError, ClientError) as error:
            raise LedgerUnavailableError(f"the ledger cannot be read, try again: {error}") from error

    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        try:
            yield from self._ledger.read(chain, after)
        except (BotoCoreError, ClientError) as error:
            raise LedgerUnavailableError(f"the ledger cannot be read, try again: {error}") from error


def required_ledger(parameters: StackParameters) -> RequiredLedger:
    return RequiredLedger(aws_client("dynamodb"), parameters.tables.ledger)


def acting_function() -> Actor:
    """A function that acts by itself. Only its own role has its permissions, so its name is not a claim."""
    return Actor(name=function_name(), via="AWS Lambda", verified=True)
