"""What the ledger lies in on AWS, made with any clients: table, bucket under Object Lock, key of checkpoints."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from ledger_fakes import entry

from vigil.aws.ledger_table import LedgerTable

TABLE = "vigil-unit-ledger"
BUCKET = "vigil-unit-audit"
CHAIN = "model:run-1"
Clients = Callable[[str], Any]


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def client_in_moto(monkeypatch: pytest.MonkeyPatch, service: str) -> Iterator[Any]:
    """A client of a service that is moto's, in this process, and empty."""
    from moto import mock_aws  # here: processes that write to a server load this file too

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client(service, region_name="us-east-1")


def create_table(dynamodb: Any, name: str = TABLE) -> None:
    kinds = {"chain": "S", "sequence": "N", "genesis": "S"}
    keys = [{"AttributeName": "chain", "KeyType": "HASH"}, {"AttributeName": "sequence", "KeyType": "RANGE"}]
    index = [{"AttributeName": "genesis", "KeyType": "HASH"}, {"AttributeName": "chain", "KeyType": "RANGE"}]
    dynamodb.create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in kinds.items()],
        GlobalSecondaryIndexes=[
            {"IndexName": "chains", "KeySchema": index, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def create_bucket(s3: Any, name: str = BUCKET) -> None:
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3653}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )


def create_key(kms: Any) -> str:
    return str(kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"])


def kms_signs_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto hashes a digest again; AWS, and local_aws, sign the digest itself (KMS API reference, Sign, MessageType)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import utils
    from moto.kms.utils import ECDSAPrivateKey

    prehashed = utils.Prehashed(hashes.SHA256())
    monkeypatch.setattr(ECDSAPrivateKey, "_ECDSAPrivateKey__hash_algorithm", lambda *_: prehashed)


def main() -> None:
    """``python ledger_world.py WRITER COUNT [die]``: append to the server of the environment, as a process of its own.

    ``die``: end as ``kill -9`` ends it, after the last record is stored and before that is known here.
    """
    writer, count = sys.argv[1], int(sys.argv[2])
    client = boto3.client("dynamodb")
    table = LedgerTable(client, TABLE, now)
    for number in range(count):
        if "die" in sys.argv and number == count - 1:
            client.meta.events.register("after-call.dynamodb.TransactWriteItems", _end)
        table.append(entry(number, CHAIN, key=f"{writer}-{number}"))


def _end(http_response: Any, **_: Any) -> None:
    # a transaction that lost the race to another writer is answered too, and has stored nothing
    if http_response.status_code == 200:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
