"""What it costs that ``local_aws`` loses nothing, and how long it takes to be back.

    python -m benchmarks.durability [--items 100,3000,20000] [--fsync]

For each number of items (a third each: S3 objects of 1 KB, rows in a table with a stream, messages) one server of its
own: the median time of a call, the longest one (a checkpoint falls into it), the time from ``kill -9`` to the next
answer, the size of the state, and the time of a clean stop and of a start after it. Times in milliseconds.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3


class Server:
    """``local_aws`` on a folder; started again it takes the same port."""

    def __init__(self, folder: Path, options: list[str]) -> None:
        self._command = [sys.executable, "-m", "local_aws", "start", "--state-dir", str(folder), *options]

    def start(self) -> float:
        """Milliseconds until it answers."""
        began = time.perf_counter()
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "answers at" not in line:
            raise RuntimeError("local_aws did not start: run the same command by hand")
        self.url = line.split()[-1]
        return (time.perf_counter() - began) * 1000

    def end(self, number: signal.Signals) -> float:
        """Milliseconds until the process has ended."""
        began = time.perf_counter()
        self._process.send_signal(number)
        self._process.wait(120)
        return (time.perf_counter() - began) * 1000

    def calls(self) -> dict[str, Callable[[int], Any]]:
        def client(service: str) -> Any:
            settings = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
            return boto3.client(service, endpoint_url=self.url, **settings)

        s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
        s3.create_bucket(Bucket="benchmark")
        queue = sqs.create_queue(QueueName="benchmark")["QueueUrl"]
        dynamodb.create_table(
            TableName="benchmark",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        return {
            "s3": lambda n: s3.put_object(Bucket="benchmark", Key=str(n), Body=os.urandom(1000)),
            "dynamodb": lambda n: dynamodb.put_item(
                TableName="benchmark",
                Item={"id": {"S": str(n)}, "value": {"M": {"a": {"N": "1"}, "b": {"S": "x" * 100}}}},
            ),
            "sqs": lambda n: sqs.send_message(QueueUrl=queue, MessageBody="x" * 200),
        }


def measure(items: int, options: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        server = Server(state, options)
        result = {"items": float(items), "first start": server.start()}
        calls = list(server.calls().items())
        times: dict[str, list[float]] = defaultdict(list)
        for number in range(items):
            name, call = calls[number % len(calls)]
            began = time.perf_counter()
            call(number)
            times[name].append((time.perf_counter() - began) * 1000)
        for name, taken in times.items():
            result[name], result[f"{name} longest"] = statistics.median(taken), max(taken)
        server.end(signal.SIGKILL)
        result["start after kill -9"] = server.start()
        result["stop"] = server.end(signal.SIGTERM)
        result["state MB"] = sum(path.stat().st_size for path in state.rglob("*") if path.is_file()) / 1e6
        result["start after stop"] = server.start()
        server.end(signal.SIGKILL)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", default="100,3000,20000", help="numbers of items, by commas")
    parser.add_argument("--fsync", action="store_true", help="start the servers with --fsync")
    options = parser.parse_args()
    for items in options.items.split(","):
        result = measure(int(items), ["--fsync"] if options.fsync else [])
        print("  ".join(f"{name}: {value:,.1f}" for name, value in result.items()), flush=True)


if __name__ == "__main__":
    main()
