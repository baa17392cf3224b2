"""The ledger's ports on AWS, put together from a stack's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.audit.checkpoint import SealingPorts
from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.ports import StoredText
from vigil.aws.checkpoints import CheckpointBucket
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.signing import KmsSigner


@dataclass(frozen=True)
class StackLedger:
    """``LedgerSource``: the records in the table, the checkpoints in the bucket."""

    table: LedgerTable
    bucket: CheckpointBucket

    def chains(self) -> list[str]:
        return self.table.chains()

    def known_chains(self) -> list[str]:
        """Those that the index lists or the newest checkpoint names, sorted: without reading the whole table."""
        return sorted({*self.chains(), *heads_of(self.bucket.newest(lambda _: True).checkpoint)})

    def every_chain(self) -> Iterator[str]:
        return self.table.every_chain()

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        return self.table.stored(chain, after)

    def checkpoints(self) -> Iterator[StoredText]:
        return self.bucket.texts()


def ledger_table(parameters: StackParameters) -> LedgerTable:
    return LedgerTable(aws_client("dynamodb"), parameters.tables.ledger, server_time)


def stack_ledger(parameters: StackParameters) -> StackLedger:
    return StackLedger(ledger_table(parameters), CheckpointBucket(aws_client("s3"), parameters.buckets.audit))


def sealing_ports(parameters: StackParameters, hint: int = 0) -> SealingPorts:
    bucket = CheckpointBucket(aws_client("s3"), parameters.buckets.audit, hint)
    return SealingPorts(
        source=StackLedger(ledger_table(parameters), bucket),
        store=bucket,
        signer=KmsSigner(aws_client("kms"), parameters.keys.checkpoint),
        clock=server_time,
    )


def checkpoint_key(parameters: StackParameters) -> dict[str, bytes]:
    """The public key that checkpoints of this stack are signed with, and no other: DER, by its ARN."""
    key = parameters.keys.checkpoint
    return {key: bytes(aws_client("kms").get_public_key(KeyId=key)["PublicKey"])}
