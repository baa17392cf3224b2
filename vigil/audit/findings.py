"""What verification finds: one type for all of it, so that people and programs read the same."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """The first five speak of a record, then of chains, then of markers, then of times, then of checkpoints."""

    ALTERED = "altered"  # it does not hash to what it says, or no longer reads as a record
    MISSING = "missing"
    REORDERED = "reordered"
    FORKED = "forked"  # two records with one sequence, or one predecessor
    FOREIGN = "foreign"  # a record of another chain
    REWRITTEN = "rewritten"  # links are whole, but a signed checkpoint names another hash
    CUT = "cut"  # the chain ends before a signed checkpoint's head
    DROPPED = "dropped"  # a chain that a checkpoint names is gone
    BROKEN = "broken"  # the newest checkpoint says that it did not hold, and now it does
    UNMARKED = "unmarked"  # a record whose marker is gone or names another
    STRAY = "stray-marker"  # a marker without its record
    BACKDATED = "backdated"  # a warning: its time lies before that of the record before it, or is none
    POSTDATED = "postdated"  # a warning: its time lies after that of a checkpoint that covers it
    CHECKPOINT_ALTERED = "checkpoint-altered"
    CHECKPOINT_MISSING = "checkpoint-missing"
    CHECKPOINT_FORGED = "checkpoint-forged"  # signed by another key
    CHECKPOINT_UNLINKED = "checkpoint-unlinked"  # it does not follow the one before, or contradicts it

    @property
    def of_checkpoint(self) -> bool:
        return self.value.startswith("checkpoint-")


class Finding(BaseModel):
    """``sequence``: the first record it concerns, ``through`` the last. ``checkpoint``: the number that tells it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    chain: str | None = None
    sequence: int | None = None
    through: int | None = None
    checkpoint: int | None = None
    explanation: str

    def __str__(self) -> str:
        place = f"checkpoint {self.checkpoint}" if self.chain is None else f"{self.chain}, record {self.sequence}"
        return f"{place}: {self.kind}: {self.explanation}"


class LedgerBrokenError(Exception):
    """The ledger does not hold; ``findings`` say where."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings
