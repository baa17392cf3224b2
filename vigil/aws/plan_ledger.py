"""Which change control plan is in force, in the ledger: recorded when the first run pins another one than before."""

from __future__ import annotations

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain
from vigil.aws.ledger_ports import LedgerUnavailableError, RequiredLedger
from vigil.aws.pinning import PinnedRun
from vigil.aws.run_ledger import record_run_started
from vigil.change_control.models import Plan

MOST_TURNS = 50  # of runs that start at once, each with another plan


def record_start(pinned: PinnedRun, plan: Plan, ledger: RequiredLedger) -> None:
    """Record the plan where it changed, then the run's start: a start that is recorded has looked at its plan."""
    if ledger.find(model_chain(pinned.key), EventName.RUN_STARTED) is None:
        record_plan(pinned, plan, ledger)
    record_run_started(pinned, ledger)


def record_plan(pinned: PinnedRun, plan: Plan, ledger: RequiredLedger) -> None:
    """Two runs at once record one change once: the key names the change before it, so that only one can follow."""
    for _ in range(MOST_TURNS):
        last = ledger.newest(STACK_CHAIN, EventName.PLAN_CHANGED)
        if last is not None and last.new["digest"] == plan.digest:
            return
        record = ledger.append(
            Entry(
                chain=STACK_CHAIN,
                event=EventName.PLAN_CHANGED,
                key=f"{EventName.PLAN_CHANGED}#after-{0 if last is None else last.sequence}",
                actor=Actor(name=pinned.plan_changed_by[:300], via="version control, at deployment", verified=False),
                subject=f"change control plan {plan.name}"[:1024],
                old=None if last is None else last.new,
                new={"digest": plan.digest, "version": plan.version},
                details={"first_pinned_by": pinned.execution_arn, "code_revision": pinned.code_revision},
            )
        )
        if record.new["digest"] == plan.digest:
            return
    raise LedgerUnavailableError(f"the plan {plan.digest} could not be recorded: other runs pin other plans, try again")
