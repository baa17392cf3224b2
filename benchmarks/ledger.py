"""What the ledger costs: verifying it, and appending to it with one writer and with eight.

    python -m benchmarks.ledger [--records 100000] [--appends 240] [--writers 8]

Verification reads an export of one chain, then of a hundred, each in a process of its own whose peak memory is watched:
records, a hundred signed checkpoints over the heads, and, once, the markers that lie beside the records in a table and
that ``vigil audit verify`` compares online (here they come from a file, so nothing of DynamoDB is in it). It ends with
the two tables of ``benchmarks/README.md``, to be pasted there. On a quiet machine it takes two to three minutes.
Appends go to one ``local_aws``, whose one process on this machine is what limits them: the ratios say what conflicts
between writers of one chain cost beside writers of chains of their own, the numbers say nothing about DynamoDB.
"""

from __future__ import annotations

import argparse
import base64
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
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from benchmarks import local_aws_servers as servers
from vigil.audit.events import EventName
from vigil.audit.export import CHECKPOINTS as CHECKPOINT_LINES
from vigil.audit.export import PEM, RECORDS, FolderSource
from vigil.audit.markers import Item
from vigil.audit.models import NO_PREDECESSOR, Actor, Checkpoint, Entry, Head, link, start_of
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.ledger_markers import MARKER_CHAIN
from vigil.aws.ledger_table import LedgerTable
from vigil.digests import canonical_json, digest_of

TABLE = "ledger"
KEY = "benchmark"
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
ACTOR = Actor(name="benchmark", via="benchmark", verified=False)
CHAIN = "model:{:04}"
MARKERS = "markers.txt"
CHECKPOINTS = 100
AFTERWARDS = BEGIN + timedelta(days=30)
VERIFIED = (
    "| verify 1 KB records, sealed by 100 checkpoints | records for each second of a core | seconds on the clock "
    "| peak MiB | grown while verifying, MiB |",
    "|---|---|---|---|---|",
)
APPENDED = ("| append to one `local_aws` | appends a second | ratio |", "|---|---|---|")


def entry(chain: str, key: str) -> Entry:
    """As large as a signature's record."""
    facts = dict.fromkeys(("artefact_digest", "dataset_version", "evaluation_digest", "plan_digest"), "0a" * 32)
    return Entry(
        chain=chain, event=EventName.SIGNATURE_MADE, key=key, actor=ACTOR, subject=f"approval request {key}",
        old={"status": "PENDING"}, new={"status": "PENDING", "facts": facts}, details={"comment": "x" * 200},
    )  # fmt: skip


class MarkerLines:
    """``Markers``: a file with a name and a place a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def items(self) -> Iterator[Item]:
        with self._path.open() as file:
            for line in file:
                name, place = line.split()
                yield Item(name, place)
                yield Item(CHAIN.format(0), None)

    def name(self, chain: str, key: str) -> str:
        return MARKER_CHAIN + digest_of([chain, key])

    def place(self, name: str) -> str | None:
        raise AssertionError("every marker is in the file")


def write_ledger(folder: Path, records: int, chains: int) -> None:
    """Chain by chain, as an export has it; sealed as if all had grown evenly."""
    each = records // chains
    heads: list[list[Head]] = [[] for _ in range(CHECKPOINTS)]
    markers = MarkerLines(folder / MARKERS)
    with (folder / RECORDS).open("wb") as file, (folder / MARKERS).open("w") as marked:
        for number in range(chains):
            head, sealed = start_of(CHAIN.format(number)), 0
            for place in range(each):
                record = link(entry(head.chain, str(place)), head, BEGIN + timedelta(seconds=place))
                file.write(canonical_json(record.model_dump(mode="json")) + b"\n")
                marked.write(f"{markers.name(head.chain, record.key)} {record.sequence}\n")
                head = head.model_copy(update={"sequence": record.sequence, "hash": record.hash})
                while sealed < CHECKPOINTS and (sealed + 1) * each <= record.sequence * CHECKPOINTS:
                    heads[sealed].append(head)
                    sealed += 1
    _seal(folder, heads)


def _seal(folder: Path, heads: list[list[Head]]) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / PEM).write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    digest = NO_PREDECESSOR
    with (folder / CHECKPOINT_LINES).open("wb") as file:
        for number, some in enumerate(heads, start=1):
            unsigned = Checkpoint(
                number=number, at=AFTERWARDS + timedelta(minutes=number), heads=some, previous_digest=digest,
                signing_key=KEY, signature="",
            )  # fmt: skip
            digest = unsigned.digest
            made = private.sign(bytes.fromhex(digest), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
            signed = unsigned.model_copy(update={"signature": base64.b64encode(made).decode()})
            file.write(canonical_json(signed.model_dump(mode="json")) + b"\n")


def _verify(folder: str, with_markers: bool, results: Any) -> None:
    keys = PublicKeys({KEY: (Path(folder) / PEM).read_bytes()})
    source = FolderSource(Path(folder))
    markers = MarkerLines(Path(folder) / MARKERS) if with_markers else None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, busy = time.perf_counter(), time.process_time()
    report = verify_ledger(source, keys, markers=markers)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results.put(
        (report.records, report.checkpoints, len(report.findings), seconds, busy, peak / 1024, (peak - before) / 1024)
    )


def verification(records: int) -> list[str]:
    """The rows of the table."""
    rows = []
    for chains, count in ((1, records // 10), (1, records), (100, records)):
        with tempfile.TemporaryDirectory() as folder:
            write_ledger(Path(folder), count, chains)
            for with_markers in (False, True) if chains > 1 else (False,):
                rows.append(_row(folder, count, chains, with_markers))
                print(rows[-1], flush=True)
    return rows


def _row(folder: str, count: int, chains: int, with_markers: bool) -> str:
    spawned = multiprocessing.get_context("spawn")
    results = spawned.Queue()
    process = spawned.Process(target=_verify, args=(folder, with_markers, results))
    process.start()
    found, checkpoints, findings, seconds, busy, peak, grown = results.get(timeout=600)
    process.join()
    assert (found, checkpoints, findings) == (count, CHECKPOINTS, 0)
    what = f"{count:,} in {chains} chain{'s' if chains > 1 else ''}{', with markers' if with_markers else ''}"
    return f"| {what} | {found / busy:,.0f} | {seconds:.1f} | {peak:.0f} | {grown:.1f} |"


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


def appends(count: int, writers: int) -> list[str]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder, servers.local_aws(Path(folder)) as (url, _):
        _create(_client(url))
        one = appending(url, "one", 1, 1, count)
        contended = appending(url, "contended", writers, 1, count)
        apart = appending(url, "apart", writers, writers, count)
    named = (("1 writer, one chain", one), (f"{writers} writers, the same chain", contended))
    all_named = (*named, (f"{writers} writers, a chain each", apart))
    return [f"| {what} ({count}) | {rate:.0f} | {rate / one:.2f} |" for what, rate in all_named]


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
    parser.add_argument("--appends", type=int, default=240)
    parser.add_argument("--writers", type=int, default=8)
    options = parser.parse_args()
    print(json.dumps({"python": sys.version.split()[0], **vars(options)}))
    verified = verification(options.records)
    appended = appends(options.appends, options.writers)
    print("\n".join(["", *VERIFIED, *verified, "", *APPENDED, *appended]))


if __name__ == "__main__":
    main()
