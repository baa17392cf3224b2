"""What the ledger costs: verifying it, and appending to it with one writer and with eight.

    python -m benchmarks.ledger [--records 100000] [--appends 400] [--writers 8]

Verification reads an export of one chain, then of a hundred, each in a process of its own whose peak memory is watched.
Appends go to one ``local_aws``, whose one process on this machine is what limits them: the ratios say what conflicts
between writers of one chain cost beside writers of chains of their own, the numbers say nothing about DynamoDB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from benchmarks import local_aws_servers as servers
from vigil.audit.events import EventName
from vigil.audit.export import FolderSource
from vigil.audit.models import Actor, Entry, link, start_of
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.ledger_table import LedgerTable
from vigil.digests import canonical_json

TABLE = "ledger"
KEY = "benchmark"
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
ACTOR = Actor(name="benchmark", via="benchmark", verified=False)
MIB = 2**20


def entry(chain: str, key: str) -> Entry:
    """As large as a signature's record."""
    facts = dict.fromkeys(("artefact_digest", "dataset_version", "evaluation_digest", "plan_digest"), "0a" * 32)
    return Entry(
        chain=chain, event=EventName.SIGNATURE_MADE, key=key, actor=ACTOR, subject=f"approval request {key}",
        old={"status": "PENDING"}, new={"status": "PENDING", "facts": facts}, details={"comment": "x" * 200},
    )  # fmt: skip


def write_ledger(folder: Path, records: int, chains: int) -> None:
    with (folder / "ledger.jsonl").open("wb") as file:
        for number in range(chains):
            head = start_of(f"model:{number:04}")
            for place in range(records // chains):
                record = link(entry(head.chain, str(place)), head, BEGIN + timedelta(seconds=place))
                file.write(canonical_json(record.model_dump(mode="json")) + b"\n")
                head = head.model_copy(update={"sequence": record.sequence, "hash": record.hash})


def _verify(folder: str, results: Any) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    keys = PublicKeys({"k": public.public_bytes(serialization.Encoding.DER, form)})
    source = FolderSource(Path(folder))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, busy = time.perf_counter(), time.process_time()
    report = verify_ledger(source, keys)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results.put((report.records, len(report.findings), seconds, busy, peak / 1024, (peak - before) / 1024))


def verification(records: int) -> None:
    spawned = multiprocessing.get_context("spawn")
    rates = {}
    for chains, count in ((1, records // 10), (1, records), (100, records)):
        with tempfile.TemporaryDirectory() as folder:
            write_ledger(Path(folder), count, chains)
            size = (Path(folder) / "ledger.jsonl").stat().st_size / MIB
            results = spawned.Queue()
            process = spawned.Process(target=_verify, args=(folder, results))
            process.start()
            found, findings, seconds, busy, peak, grown = results.get(timeout=600)
            process.join()
        assert (found, findings) == (count, 0)
        rates[chains, count] = found / busy
        print(
            f"verify {count:,} records in {chains} chains ({size:.0f} MiB): {seconds:.1f} s, "
            f"{found / seconds:,.0f} records/s, {found / busy:,.0f} for each second of a core, "
            f"peak {peak:.0f} MiB, grown by {grown:.1f} MiB", flush=True,
        )  # fmt: skip
    print(f"one chain beside 100 chains: {rates[1, records] / rates[100, records]:.2f} times as fast", flush=True)


def _append(url: str, chain: str, writer: int, count: int, ready: Any, results: Any) -> None:
    table = LedgerTable(_client(url), TABLE, lambda: datetime.now(UTC))
    table.head(chain)  # the connection is made
    ready.wait()
    began = time.time()
    for number in range(count):
        table.append(entry(chain, f"{writer}-{number}"))
    results.put((began, time.time()))


def _client(url: str) -> Any:
    settings = {"region_name": "us-east-1", "aws_access_key_id": KEY, "aws_secret_access_key": KEY}
    return boto3.client("dynamodb", endpoint_url=url, **settings)


def appending(url: str, name: str, writers: int, chains: int, appends: int) -> float:
    """Appends per second of all writers together, between the first beginning and the last end."""
    spawned = multiprocessing.get_context("spawn")
    ready, results = spawned.Barrier(writers), spawned.Queue()
    processes = [
        spawned.Process(
            target=_append, args=(url, f"model:{name}-{writer % chains}", writer, appends // writers, ready, results)
        )
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    spans = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    done = appends // writers * writers
    rate = done / (max(end for _, end in spans) - min(begin for begin, _ in spans))
    print(f"append {done} with {writers} writers to {chains} chains: {rate:.0f}/s", flush=True)
    return rate


def appends(count: int, writers: int) -> None:
    with tempfile.TemporaryDirectory() as folder, servers.local_aws(Path(folder)) as (url, _):
        _create(_client(url))
        one = appending(url, "one", 1, 1, count)
        contended = appending(url, "contended", writers, 1, count)
        apart = appending(url, "apart", writers, writers, count)
    print(f"{writers} writers of one chain beside 1 writer: {contended / one:.2f} times as many appends")
    print(f"{writers} writers of one chain beside as many chains: {contended / apart:.2f} times as many appends")


def _create(dynamodb: Any) -> None:
    kinds = {"chain": "S", "sequence": "N", "genesis": "S"}
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=list(_keys("chain", "sequence")),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "chains", "KeySchema": list(_keys("genesis", "chain")),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip


def _keys(first: str, second: str) -> Iterator[dict[str, str]]:
    yield {"AttributeName": first, "KeyType": "HASH"}
    yield {"AttributeName": second, "KeyType": "RANGE"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--appends", type=int, default=400)
    parser.add_argument("--writers", type=int, default=8)
    options = parser.parse_args()
    print(json.dumps({"python": sys.version.split()[0], **vars(options)}))
    verification(options.records)
    appends(options.appends, options.writers)


if __name__ == "__main__":
    main()
