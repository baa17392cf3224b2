"""One update of the endpoint at a time: a promotion gives way to what runs, a signed roll-back takes its place."""

from __future__ import annotations

import logging

from vigil.aws.executions import Executions
from vigil.aws.release_models import ReleaseKind

logger = logging.getLogger(__name__)

REPLACED = "ReplacedByRollback"


class UpdateRunningError(Exception):
    """Another update of the endpoint runs, and lasts as long as its shadow: this one waits."""


def await_turn(kind: ReleaseKind, execution_arn: str, state_machine: str, executions: Executions) -> None:
    """Raises ``UpdateRunningError`` for a promotion before which another update-endpoint execution began.

    The machine tries again, for days, under this error's name; who began later gives way to this one.
    """
    earlier = _earlier(execution_arn, state_machine, executions) if kind == "promotion" else []
    if earlier:
        raise UpdateRunningError(
            f"another update of the endpoint runs ({earlier[0]}): this one waits for its end. Where it was given up, "
            "the signatures were not used; ask for this model's training again"
        )


def stop_earlier(execution_arn: str, state_machine: str, executions: Executions) -> None:
    """Of a roll-back: what others were to put into service is what somebody wants to be rid of, or can wait.

    The minute's sweep records their end.
    """
    for arn in _earlier(execution_arn, state_machine, executions):
        executions.stop(arn, REPLACED, f"the signed roll-back {execution_arn} takes its place")
        logger.warning("%s is stopped: the signed roll-back %s takes its place", arn, execution_arn)


def _earlier(execution_arn: str, state_machine: str, executions: Executions) -> list[str]:
    """The update-endpoint executions that run and began before this one."""
    running = dict(executions.running(state_machine))
    own = running.pop(execution_arn, None)
    # One that is listed before this one is listed (ListExecutions is eventually consistent) began before it.
    return sorted(arn for arn, began in running.items() if own is None or (began, arn) < (own, execution_arn))
