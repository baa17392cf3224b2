"""Whether a run of `build_dataset` is the one that a drift decision asked for, so that nobody hides behind its name."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigil.monitoring.models import DriftDecision

logger = logging.getLogger(__name__)


def asker_of(run_id: str, archives: Sequence[str], user: str | None) -> str | None:
    """Who asked for the run: ``drift:<decision id>`` where the decision of that name wants exactly these archives.

    A person who overrode the decision is named after it (``drift:<decision id>:<user>``), for they have a stake in what
    comes of it (four eyes). Else it is ``user``, who started the run in Airflow; None for the schedule.
    """
    from vigil.monitoring.retraining import decision_of

    decision_id = decision_of(run_id)
    if decision_id is None:
        return user
    decision = _decision(decision_id)
    if decision is None or decision.decide != "retrain" or list(decision.new_data.archives) != list(archives):
        logger.warning("%s is not what a drift decision wants: it counts as asked for by %s", run_id, user)
        return user
    return ":".join(["drift", decision_id, *([decision.overridden_by] if decision.overridden_by else [])])


def _decision(decision_id: str) -> DriftDecision | None:
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.aws.monitoring_table import MonitoringTable

    parameters = load_parameters()
    table = MonitoringTable(aws_client("dynamodb"), parameters.tables.monitoring)
    return table.decision(parameters.sagemaker.endpoint, decision_id)
