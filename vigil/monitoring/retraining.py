"""The one retraining at a time: who holds it, and whether it still goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from vigil.moments import Moment
from vigil.monitoring.models import DriftDecision

#: The DAG that is asked, the one that its dataset starts, and how our runs of the first are named.
BUILD_DAG, TRAIN_DAG = "build_dataset", "train_model"
RUN_PREFIX = "drift-"


class Retraining(BaseModel):
    """The last retraining that drift led to, at one endpoint. Never deleted: it is over when what it names is over.

    ``execution_arn``: of retrain-on-drift, which asks Airflow. ``previous_at``: when the last one before it was decided
    that Airflow was really asked for; the cool-down counts from it where this one never got that far.
    ``previous_decision``: that one's id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["vigil.retraining/1"] = "vigil.retraining/1"
    endpoint: str = Field(min_length=1)
    decision_id: str = Field(min_length=1)
    execution_arn: str = Field(min_length=1)
    since: Moment
    previous_at: Moment | None = None
    previous_decision: str | None = None

    def last_asked_at(self, decision: DriftDecision | None) -> datetime | None:
        """``decision``: the one that this retraining is of, as it is recorded now."""
        return self.since if decision is not None and decision.dag_run_id else self.previous_at

    def last_asked(self, decision: DriftDecision | None) -> str | None:
        """The id of the decision whose retraining began then."""
        return self.decision_id if decision is not None and decision.dag_run_id else self.previous_decision


@dataclass(frozen=True)
class Running:
    """What keeps the place: the retraining of ``decision_id``, or a ``training`` that others asked for, by its name."""

    decision_id: str | None = None
    training: str = ""

    def told(self) -> str:
        return (
            f"training {self.training}"
            if self.decision_id is None
            else f"the retraining of decision {self.decision_id}"
        )


class Progress(Protocol):
    """What trains or is about to, as Airflow and Step Functions say; None where a retraining may start.

    ``was_asked``: Airflow took the request. One that gives no answer is believed to train, for a day; one that refuses
    every answer, and took no request, trains nothing.
    """

    def what_runs(self, retraining: Retraining | None, was_asked: bool) -> Running | None: ...

    def had_its_data(self, decision_id: str) -> bool:
        """Whether the retraining got as far as a dataset: false only where Airflow says that its first run failed."""


def dag_run_id(decision_id: str) -> str:
    return f"{RUN_PREFIX}{decision_id}"


def decision_of(run_id: str) -> str | None:
    """The decision that a DAG run's name says it is of."""
    return run_id.removeprefix(RUN_PREFIX) if run_id.startswith(RUN_PREFIX) else None
