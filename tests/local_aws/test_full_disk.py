"""A disk without room: refused in AWS's shape and not done; what was answered stays; it goes on with room again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack

DISK_MEGABYTES = 6
MOST_CALLS = 500
MACHINE = '{"QueryLanguage": "JSONata", "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def until_refused(call: Callable[[int], Any]) -> tuple[list[int], ClientError]:
    """The numbers of the calls that were answered, and how the first refused one was refused."""
    answered = []
    for number in range(MOST_CALLS):
        try:
            call(number)
        except ClientError as error:
            return answered, error
        answered.append(number)
    raise AssertionError("the disk was never full")


def test_a_full_disk_refuses_changes_loses_nothing_and_is_got_over(small_disk: Path) -> None:
    server = LocalServer(small_disk / "state", variables={"LOCAL_AWS_CHECKPOINT_IDLE_SECONDS": "0.3"})
    filler = small_disk / "filler"
    try:
        server.start()
        s3, sqs, kms, states = (server.client(name) for name in ("s3", "sqs", "kms", "stepfunctions"))
        s3.create_bucket(Bucket="bucket")
        queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
        role = "arn:aws:iam::123456789012:role/r"
        calls: dict[str, Callable[[int], Any]] = {
            "small": lambda number: s3.put_object(Bucket="bucket", Key=f"small-{number}", Body=b"x"),
            "large": lambda number: s3.put_object(
                Bucket="bucket", Key=f"large-{number}", Body=bytes([number % 256]) * 300_000
            ),
            "send": lambda number: sqs.send_message(QueueUrl=queue, MessageBody=f"{number}"),
            "key": lambda number: kms.create_key(),
            "machine": lambda number: states.create_state_machine(name=f"m-{number}", definition=MACHINE, roleArn=role),
        }
        fill(filler)
        answered: dict[str, list[int]] = {}
        for name, call in calls.items():
            answered[name], error = until_refused(call)
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503, (name, error)
            assert error.response["Error"]["Code"] == "ServiceUnavailable", (name, error)
            assert "free some room" in error.response["Error"]["Message"], name
        filler.unlink()
        for name, call in calls.items():
            call(MOST_CALLS)
            answered[name].append(MOST_CALLS)
        server.kill()
        server.start()
        keys = {entry["Key"] for entry in s3.list_objects_v2(Bucket="bucket")["Contents"]}
        assert keys == {f"{name}-{number}" for name in ("small", "large") for number in answered[name]}
        machines = {machine["name"] for machine in states.list_state_machines()["stateMachines"]}
        assert machines == {f"m-{number}" for number in answered["machine"]}
        received: list[str] = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            received += [message["Body"] for message in messages]
        assert sorted(received) == sorted(f"{number}" for number in answered["send"])
        # The refused key may exist: a service that is saved whole is changed first, and the next change saves both.
        assert len(answered["key"]) <= len(kms.list_keys()["Keys"]) <= len(answered["key"]) + 1
        assert "gave another answer" not in server.log()
    finally:
        server.kill()


def test_a_start_on_a_full_disk_says_what_to_do(small_disk: Path) -> None:
    fill(small_disk / "filler")
    command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(small_disk / "state")]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert re.search(r"^local_aws: .*(No space left on device|disk is full|disk I/O error)", refused.stderr, re.M)
    assert "Traceback" not in refused.stderr
