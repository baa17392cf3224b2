"""The ledger of a stack in a test: what it holds, and what happens when it cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto_stack import MotoStack

from vigil.audit.models import Record
from vigil.aws.clock import server_time
from vigil.aws.ledger_table import LedgerTable


def ledger_of(stack: MotoStack) -> LedgerTable:
    return LedgerTable(stack.client("dynamodb"), stack.parameters.tables.ledger, server_time)


def records(stack: MotoStack, chain: str) -> list[Record]:
    return list(ledger_of(stack).read(chain))


def events(stack: MotoStack, chain: str) -> list[str]:
    return [record.event.value for record in records(stack, chain)]


@contextmanager
def broken_ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be appended."""

    def refuse(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")

    with monkeypatch.context() as patch:
        patch.setattr(LedgerTable, "append_with", refuse)
        yield
