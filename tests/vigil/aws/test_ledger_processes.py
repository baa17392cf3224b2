"""The ledger's table on a ``local_aws`` server, written to by processes at once, some of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_fakes import entry
from ledger_world import CHAIN, TABLE, create_table, now
from local_server import KEY, REGION, LocalServer

from vigil.audit.chain import walk
from vigil.aws.ledger_table import LedgerTable

pytestmark = pytest.mark.stack

REPOSITORY = Path(__file__).resolve().parents[3]
WRITERS = 8
RECORDS = 12
LIMIT_SECONDS = 240.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with LocalServer(tmp_path_factory.mktemp("ledger") / "state") as started:
        yield started


@pytest.fixture
def dynamodb(server: LocalServer) -> Iterator[Any]:
    client = server.client("dynamodb")
    create_table(client)
    yield client
    client.delete_table(TableName=TABLE)


def start(server: LocalServer, writer: str, count: int, *more: str) -> subprocess.Popen[bytes]:
    script = str(REPOSITORY / "tests" / "support" / "ledger_world.py")
    support = str(REPOSITORY / "tests" / "support")
    variables = {
        "AWS_ENDPOINT_URL": server.url, "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), support]),
    }  # fmt: skip
    return subprocess.Popen([sys.executable, script, writer, str(count), *more], env={**os.environ, **variables})


def test_eight_processes_never_fork_a_chain_and_lose_and_double_nothing(server: LocalServer, dynamodb: Any) -> None:
    processes = [start(server, f"w{number}", RECORDS) for number in range(WRITERS)]
    assert [process.wait(LIMIT_SECONDS) for process in processes] == [0] * WRITERS
    table = LedgerTable(dynamodb, TABLE, now)
    expected = sorted(f"w{writer}-{number}" for writer in range(WRITERS) for number in range(RECORDS))
    assert sorted(record.key for record in table.read(CHAIN)) == expected
    found = walk(CHAIN, table.stored(CHAIN))
    assert (found.finding, found.good.sequence) == (None, WRITERS * RECORDS)


def test_a_writer_killed_between_append_and_answer_finds_its_record_by_its_key(
    server: LocalServer, dynamodb: Any
) -> None:
    others = [start(server, f"w{number}", RECORDS) for number in range(2)]
    killed = start(server, "killed", 5, "die")
    assert killed.wait(LIMIT_SECONDS) == -signal.SIGKILL
    assert [process.wait(LIMIT_SECONDS) for process in others] == [0, 0]
    table = LedgerTable(dynamodb, TABLE, now)
    stored = [record for record in table.read(CHAIN) if record.key == "killed-4"]
    assert len(stored) == 1
    length = table.head(CHAIN).sequence
    assert table.append(entry(4, CHAIN, key="killed-4")) == stored[0]
    assert table.head(CHAIN).sequence == length == 2 * RECORDS + 5
    assert walk(CHAIN, table.stored(CHAIN)).finding is None
