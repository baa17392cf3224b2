"""Which change control plan is in force, in the ledger: recorded when a start is the first to find another than before.

A start is that of a training run or of a roll-back. A plan that was deployed and replaced with no start in between
leaves no record here: the deployments are CloudFormation's and CloudTrail's to tell.
"""

from __future__ import annotations

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, Record, model_chain
from vigil.aws.ledger_ports import LedgerUnavailableError, RequiredLedger
from vigil.aws.pinning import PinnedRun, RequestError
from vigil.aws.release_ledger import released_key
from vigil.aws.run_ledger import record_run_started
from vigil.change_control.models import Plan

MOST_TURNS = 50  # of runs that start at once, each with another plan


def record_start(pinned: PinnedRun, plan: Plan, ledger: RequiredLedger) -> None:
    """Record the plan where it changed, then the run's start: a start that is recorded has looked at its plan.

    Raises ``RequestError`` where the ledger does not know that the run's dataset was ever released.
    """
    if ledger.find(model_chain(pinned.key), EventName.RUN_STARTED) is None:
        _require_recorded(pinned.dataset_version, ledger)
        record_plan(plan, pinned.plan_changed_by, pinned.execution_arn, pinned.code_revision, ledger)
    record_run_started(pinned, ledger)


def record_plan(plan: Plan, changed_by: str, execution_arn: str, code_revision: str, ledger: RequiredLedger) -> None:
    """Two starts at once record one change once: the key names the change before it, so that only one can follow.

    ``changed_by`` and ``code_revision``: of the deployment; ``execution_arn``: what started.
    """
    last = None
    for _ in range(MOST_TURNS):
        last = _newest(last, ledger)
        if last is not None and last.new["digest"] == plan.digest:
            return
        record = ledger.append(
            Entry(
                chain=STACK_CHAIN,
                event=EventName.PLAN_CHANGED,
                key=_key(last),
                actor=Actor(name=changed_by[:300], via="version control, at deployment", verified=False),
                subject=f"change control plan {plan.name}"[:1024],
                old=None if last is None else last.new,
                new={"digest": plan.digest, "version": plan.version},
                details={"first_pinned_by": execution_arn, "code_revision": code_revision},
            )
        )
        if record.new["digest"] == plan.digest:
            return
    raise LedgerUnavailableError(f"the plan {plan.digest} could not be recorded: other runs pin other plans, try again")


def _newest(last: Record | None, ledger: RequiredLedger) -> Record | None:
    """The newest change after ``last``. From change to change by their keys: sign-ins and exports, which fill the same
    chain, are not read."""
    while (following := ledger.find(STACK_CHAIN, _key(last))) is not None:
        last = following
    return last


def _key(before: Record | None) -> str:
    return f"{EventName.PLAN_CHANGED}#after-{0 if before is None else before.sequence}"


def _require_recorded(version: str, ledger: RequiredLedger) -> None:
    if ledger.find(STACK_CHAIN, released_key(version)) is None:
        raise RequestError(
            f"dataset_version: {version} lies in the bucket, but the ledger does not know of its release: clear the "
            "task `release` of the run of build_dataset that made it, which records it, then ask again"
        )
