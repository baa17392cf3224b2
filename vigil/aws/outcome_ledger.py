"""How runs end, in the ledger: each end once (a redriven execution has several), its first outcome stands."""

from __future__ import annotations

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, Record, model_chain
from vigil.audit.ports import LedgerWriter


def record_run_ended(
    execution_arn: str, run_key: str | None, outcome: str, reason: str, facts: dict[str, object],
    actor: Actor, ledger: LedgerWriter, redrives: int = 0,
) -> Record:  # fmt: skip
    """``run_key``: whose chain it is; None where no run that we know was concerned. Gives what is recorded.

    ``reason`` must be redacted.
    """
    return ledger.append(
        Entry(
            chain=STACK_CHAIN if run_key is None else model_chain(run_key),
            event=EventName.RUN_ENDED,
            key=f"{EventName.RUN_ENDED}#{execution_arn}" + (f"#{redrives}" if redrives else ""),
            actor=actor,
            subject=execution_arn,
            old="RUNNING",
            new={"outcome": outcome, "reason": reason},
            details={name: value for name, value in facts.items() if name not in ("event", "outcome", "reason")},
        )
    )
