"""A state folder that cannot be used is refused by name, with what to do; a replay that goes another way is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_server import LocalServer
from moto import __version__ as moto_version

from local_aws import journal
from local_aws.checkpointer import Checkpointer
from local_aws.durability import Durability
from local_aws.journal import Journal, JournalError
from local_aws.moto_backend import MotoBackend
from local_aws.snapshot import SnapshotError

MANIFEST = json.dumps({"generation": 3, "services": {"s3": "s3.3.snapshot"}, "moto": moto_version})
FIRST = f'{{"moto": "{moto_version}"}}\n'.encode()


def restore(folder: Path) -> Durability:
    durability = Durability(folder, MotoBackend())
    durability.restore()
    return durability


def test_a_new_folder_begins_with_an_empty_journal_and_leaves_no_checkpoint_behind(tmp_path: Path) -> None:
    durability = restore(tmp_path)
    Checkpointer(durability).stop()
    durability.close()
    assert journal.read(tmp_path / "journal.0").payloads == (FIRST,)
    assert not (tmp_path / "checkpoint.json").exists()


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"checkpoint.json": b"{"}, "checkpoint.json: not a checkpoint .* remove .* to begin anew"),
        ({"checkpoint.json": MANIFEST.replace(moto_version, "0.0.1").encode()}, r"install moto==0\.0\.1"),
        ({"checkpoint.json": MANIFEST.encode()}, r"s3\.3\.snapshot: cannot be read \(No such file"),
        (
            {
                "checkpoint.json": MANIFEST.encode(),
                "s3.3.snapshot": f"local_aws snapshot, moto {moto_version}\n".encode(),
            },
            r"s3\.3\.snapshot: is damaged .* restore it",
        ),
        ({"kms.snapshot": b"local_aws snapshot, moto 0.0.1\n"}, r"kms\.snapshot: .* install moto==0\.0\.1"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, bytes], problem: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SnapshotError, match=problem):
        restore(tmp_path)


@pytest.mark.parametrize(
    ("first", "then", "problem"),
    [
        (b'{"moto": "0.0.1"}\n', b"", r"journal\.0: was written with .*0\.0\.1"),
        (FIRST, b'{"n": 1}\n', r"journal\.0: a record of the journal cannot be used"),
        (
            FIRST,
            b'{"n": 1, "service": "s3", "body": "gone"}\n',
            r"journal\.0: .*No such file.* restore the state folder",
        ),
    ],
)
def test_a_journal_of_another_kind_is_refused(tmp_path: Path, first: bytes, then: bytes, problem: str) -> None:
    written = Journal(tmp_path / "journal.0")
    written.append(first)
    written.append(then)
    written.close()
    with pytest.raises(JournalError, match=problem):
        restore(tmp_path)


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text(MANIFEST.replace('{"s3": "s3.3.snapshot"}', "{}"))
    with pytest.raises(JournalError, match=r"journal\.3: is missing: restore it .*`touch` it"):
        restore(tmp_path)
    (tmp_path / "journal.3").touch()
    restore(tmp_path).close()


@pytest.fixture
def quiet_server(tmp_path: Path) -> Iterator[LocalServer]:
    """It makes no checkpoint while a test looks at the journal."""
    server = LocalServer(tmp_path / "state", variables={"LOCAL_AWS_CHECKPOINT_IDLE_SECONDS": "3600"})
    server.start()
    yield server
    server.kill()


@pytest.mark.stack
def test_status_tells_what_runs_and_that_a_replay_gave_another_answer(quiet_server: LocalServer) -> None:
    server = quiet_server
    server.client("sqs").create_queue(QueueName="queue")
    server.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    told = status(server.state_dir)
    assert (told["running"], told["url"], told["waitingTokens"]) == (True, server.url, 0)
    assert (told["journalEntries"], told["replayDifferences"]) == (2, 0)
    server.kill()
    assert status(server.state_dir) == {"running": False}
    path = Path(told["journal"])
    payloads = journal.read(path).payloads
    path.unlink()
    forged = Journal(path)
    for payload in payloads:
        forged.append(payload.replace(b'"status": 200', b'"status": 500') if b'"of": 2,' in payload else payload)
    forged.close()
    server.start()
    told = status(server.state_dir)
    assert (told["replayedAtStart"], told["replayDifferences"]) == (2, 1)
    assert (
        "(ssm.PutParameter) gave another answer: status 200, not 500" in (server.state_dir / "server.log").read_text()
    )


def status(state_dir: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "local_aws", "status", "--json", "--state-dir", str(state_dir)]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return told
