"""One update of the endpoint at a time: a promotion gives way to what runs, a signed roll-back takes its place."""

from __future__ import annotations

import logging

from vigil.aws.executions import Executions
from vigil.aws.release_models import ReleaseKind

logger = logging.getLogger(__name__)

REPLACED = "ReplacedByRollback"


class UpdateRunningError(Exception):
    """Another update of the endpoint runs, and lasts as long as its shadow: this one does not begin."""


def take_turn(kind: ReleaseKind, execution_arn: str, state_machine: str, executions: Executions) -> None:
    """Deal with the update-endpoint executions that began before this one; who began later gives way to it.

    A roll-back stops them: what they were to put into service is what somebody wants to be rid of, or can wait. The
    minute's sweep records their end. Raises ``UpdateRunningError`` for a promotion.
    """
    running = dict(executions.running(state_machine))
    own = running.pop(execution_arn, None)
    # One that is listed before this one is listed (ListExecutions is eventually consistent) began before it.
    earlier = sorted(arn for arn, began in running.items() if own is None or (began, arn) < (own, execution_arn))
    if earlier and kind == "promotion":
        raise UpdateRunningError(
            f"another update of the endpoint runs ({earlier[0]}): ask for this model's training again when it has "
            "ended, or stop it first"
        )
    for arn in earlier:
        executions.stop(arn, REPLACED, f"the signed roll-back {execution_arn} takes its place")
        logger.warning("%s is stopped: the signed roll-back %s takes its place", arn, execution_arn)
