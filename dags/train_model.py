"""
### train_model: hand a dataset version over to train-and-promote

Starts by itself when `build_dataset` announces a new dataset version, or by hand with a form. It decides nothing about
the model: training, the change-control gate, the wait for signatures and the endpoint belong to the state machine.

| task | what it does |
|---|---|
| `choose_dataset` | takes the newest of the versions that triggered this run, or the form's |
| `hand_off` | starts, or joins, one execution of `train-and-promote` and waits for its end without a worker slot |

One run at a time: versions that arrive meanwhile are taken together by the next run, the older ones recorded as
superseded (XCom `superseded` of `choose_dataset`).

**Where a run stands.** The tab *State machine* draws it, and the log of `hand_off` tells each state as it is entered
and left. While it waits for signatures, for two weeks if need be, its page has the links *Approval request* and
*Evidence*, and its log tells where to sign: the page, and the commands that show, review, approve or reject.

**Form.** `dataset_version`: 64 hex digits, from `build_dataset`'s `release` or the DVC registry. `reason`: why to
train; the approvers read it. `hyperparameters`: only what the change control plan permits; anything else ends as
`NeedsAmendedPlan`.

### Triage notes

- **`hand_off` failed with `Rejected`, `Expired`, `GateRefused`, `NeedsAmendedPlan`**: a decision, not a fault. The
  endpoint is as it was. The message says why. Nothing to clear: train on another version, or amend the plan.
- **`TrainingFailed`, `EvaluationFailed`**: the message ends with the job's own reason. Mend it, then clear `hand_off`:
  a new execution starts under the next name (`…-r1`).
- **`SignatureInvalid`, `EndpointRolledBack`**: tell the model's owner at once; the previous model serves. Do not clear.
  (One that says that the approval expired while another update ran is no attack: ask for the training again.)
- **`UpdateRunning`**: another model was on its way for eight days. See to that one first, then clear `hand_off`.
- **`InternalFailure`, or any other error**: the message says what broke. Nothing trains again by itself: mend it, then
  clear `hand_off`; a new execution starts under the next name.
- **Step Functions did not answer**: the task retries by itself and joins its execution, which goes on meanwhile.
- **To stop a run**: mark `hand_off` failed. Its execution is stopped with error `Airflow.TaskKilled`. To start over
  instead, clear it while it waits: its execution is stopped likewise, and a new one starts under the next name.
- **`VigilVersionError`**: the DAG files are newer than the installed wheel; update the environment's requirements, then
  clear.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, get_current_context, task
from vigil_airflow.asset import FAERS_DATASET
from vigil_airflow.state_machine import StateMachineOperator

VIGIL_VERSION = "0.1.0"

logger = logging.getLogger(__name__)


@task
def choose_dataset() -> dict[str, Any]:
    """The training request. Pushes the versions that are not trained on as XCom `superseded`."""
    from vigil_airflow.config import require_vigil
    from vigil_airflow.dataset_choice import choose

    from vigil.models.models import TrainingRequest

    require_vigil(VIGIL_VERSION)
    context = get_current_context()
    events = _events(context["triggering_asset_events"], FAERS_DATASET)
    user = context["dag_run"].triggering_user_name or "unknown"
    choice = choose(events, context["params"], FAERS_DATASET.name if events else user)
    context["ti"].xcom_push(key="superseded", value=list(choice.superseded))
    logger.info("superseded versions: %s", ", ".join(choice.superseded) or "none")
    return TrainingRequest.model_validate(choice.request).model_dump(mode="json", exclude_none=True)


def _events(triggering: Any, asset: Asset) -> list[Any]:
    return list(triggering[asset]) if asset in triggering else []


@dag(
    schedule=[FAERS_DATASET],
    catchup=False,
    max_active_runs=1,
    tags=["vigil", "training", "impact:tier-1"],
    default_args={"owner": "data-engineering"},
    doc_md=__doc__,
    params={
        "dataset_version": Param(
            None,
            type=["null", "string"],
            pattern="^[0-9a-f]{64}$",
            title="Dataset version",
            description="Only for a run by hand: the 64 hex digits of a released version.",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="Only for a run by hand, and needed there: why to train. The approver reads it.",
        ),
        "hyperparameters": Param(
            {},
            type="object",
            additionalProperties={"type": ["string", "number"]},
            title="Hyperparameters",
            description='Deviations from the plan\'s defaults, within its bounds, e.g. {"max_depth": 4}.',
        ),
    },
)
def train_model() -> None:
    StateMachineOperator(
        task_id="hand_off",
        machine="train_and_promote",
        request=choose_dataset(),
        retries=3,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(minutes=10),
    )


train_model()
