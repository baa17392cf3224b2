"""
### build_dataset: FAERS quarters become a dataset version

| task | what it does |
|---|---|
| `land` | validates the archives and copies each once to a key that holds its digest |
| `curate` | one Glue run: each archive curated once, newest version of each case, splits, rejects, measurements |
| `check` | judges the dataset by the named quality profile and against the last release; its page has the report |
| `release` | writes the content-addressed version, verifies it, registers it in the DVC data registry |
| `announce` | updates the asset `faers-dataset`, which starts `train_model` |

Nothing is released that was not checked, and nothing is announced that was not released. `announce` is skipped when the
version is unchanged, and in backfills.

**When it runs.** By hand, or by itself in mid-February, May, August and November, when FDA has published the quarter
before. A run by the clock is *as of* its date: it takes the landed quarters that had ended by then. And because of
drift: a run named `drift-<decision id>` was asked for by the state machine `retrain-on-drift`, with the archives of the
model in service and those that it does not know; `vigil drift show <decision id>` says why. Its training names the
decision as the asker.

**Backfill.** *Trigger* → *Backfill*, with a range of dates: one run for each quarter's date, each a dataset as of then
(eight quarters: `2024-05-01` to `2026-03-01`). Quarters curated before are not read again; a run that was done before
gives the same version. The oldest quarter alone makes no dataset: its run skips. A backfill announces nothing.

**Form.** `archives`: S3 addresses of FAERS archives (ZIP); empty takes everything in the landing area. `profile`: the
quality bounds, `full` for whole quarters as FDA publishes them, `openfda-sample` for samples, `synthetic` for generated
ones. `engine`: what curates a quarter; `spark` when one machine is too small. Both give the same rows, so the same
version. `reason`: why, for those who sign for the model that comes of it; may stay empty.

### Triage notes

- **`land` failed**: the message names the archive and what is wrong with it (unreadable, a table missing, two of one
  quarter), the quarter that has not landed, or that the newest quarter named is older than what was released. Upload a
  good one (`vigil quarters land FILE`), then clear `land`.
- **`land` skipped**: a backfill's date whose quarter is the oldest there is; nothing to do.
- **`curate` failed**: the message is Glue's; the last lines of the run are in the task's log. A retry joins a run that
  still goes on. "is in the way": another run of the job; this one waits for its end.
- **`check` failed**: each failing rule is named with its value and its bound. Nothing was released. Its button *Quality
  report* (also a tab of the run) has plots beside the last release. Look at the archives; a bound is changed only in
  `quality_profiles.yaml`, with a reason.
- **`check` warned**: something moved that may be real, such as one sender's batch. It was released; read the report.
- **`release` failed**: safe to clear; it goes on where it stopped. A rejected push is retried by itself, and so is a
  release that could not be recorded in the ledger: nothing is announced before it is.
- **`announce` skipped**: this version was released before; `train_model` starts by hand for it, with its form.
- **To stop a run**: mark `curate` failed, or clear it; its Glue run is stopped.
- **A run `drift-...` failed**: mend it and clear the task, as with any other. Once it has failed it no longer keeps
  another retraining from starting; the plan's cool-down does. Delete no such run: asking again would start it anew.
- **`VigilVersionError`**: the DAG files are newer than the installed wheel; update the environment's requirements, then
  clear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Metadata, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from vigil_airflow.asset import FAERS_DATASET
from vigil_airflow.glue_job import VigilGlueJobOperator
from vigil_airflow.quality_gate import QualityGateOperator

VIGIL_VERSION = "0.1.0"
BACKFILL = "backfill"
BY_DATE = {BACKFILL, "scheduled"}
# FDA publishes a quarter some four to six weeks after its end. Switching the DAG on must start nothing: hence no time
# to run at once, and no start_date, beside which Airflow would ignore that.
SCHEDULE = CronTriggerTimetable("0 6 15 2,5,8,11 *", timezone="UTC", run_immediately=timedelta(0))


@task(multiple_outputs=True)
def land() -> dict[str, Any]:
    """What `curate` is called with (`arguments`), where it puts its results (`staging`), the `quarters`."""
    from vigil_airflow.config import require_vigil
    from vigil_airflow.dataset_steps import RunFacts, curation_arguments

    require_vigil(VIGIL_VERSION)
    context = get_current_context()
    params, run = context["params"], context["dag_run"]
    by_date = run.run_type in BY_DATE and run.logical_date is not None
    facts = RunFacts(run.run_id, run.run_type == BACKFILL, run.logical_date.date() if by_date else None)
    return curation_arguments(params["archives"], params["profile"], params["engine"], facts)


@task(inlets=[FAERS_DATASET])
def release(staging: str, quarters: list[str]) -> dict[str, Any]:
    """The released version: name, version, prefix, tag, quarters, already_released."""
    from vigil_airflow.dataset_choice import is_news
    from vigil_airflow.dataset_steps import release_dataset

    context = get_current_context()
    run = context["dag_run"]
    released = release_dataset(staging, quarters, run.run_id, run.triggering_user_name)
    announced = [(event.extra or {}).get("version") for event in context["inlet_events"][FAERS_DATASET]]
    news = is_news(released["version"], released["already_released"], context["ti"].try_number, announced)
    return {**released, "already_released": not news}


@task(outlets=[FAERS_DATASET])
def announce(released: dict[str, Any]) -> Any:
    """The asset's event, which starts `train_model`."""
    if released["already_released"]:
        raise AirflowSkipException(f"version {released['version']} is unchanged: no event")
    from vigil_airflow.drift_origin import asker_of

    context = get_current_context()
    run, params = context["dag_run"], context["params"]
    if run.run_type == BACKFILL:
        raise AirflowSkipException("a backfill announces nothing: start train_model by hand where it is wanted")
    extra = {name: released[name] for name in ("version", "prefix", "quarters", "already_released")}
    # The person behind a training that an asset starts: who asked may not be who signs.
    extra["requested_by"] = asker_of(run.run_id, params["archives"], run.triggering_user_name)
    if params["reason"]:
        extra["reason"] = params["reason"]
    yield Metadata(FAERS_DATASET, extra=extra)


@dag(
    schedule=SCHEDULE,
    catchup=False,
    max_active_runs=1,
    tags=["vigil", "data", "impact:tier-2"],
    default_args={"owner": "data-engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    params={
        "archives": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^s3://[^/]+/.+[.][zZ][iI][pP]$"},
            title="Archives",
            description="S3 addresses of FAERS archives, one on each line. Empty: all in the landing area.",
        ),
        "profile": Param(
            "full",
            enum=["full", "openfda-sample", "synthetic"],
            title="Quality profile",
            description="Which bounds the data must keep: `full` for whole quarters as FDA publishes them.",
        ),
        "engine": Param(
            "duckdb",
            enum=["duckdb", "spark"],
            title="Engine",
            description="What curates a quarter: `duckdb` in the job's driver, `spark` on all its workers. Same rows.",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="Why, for those who sign for the model that comes of it. May stay empty.",
        ),
    },
)
def build_dataset() -> None:
    landed = land()
    curated = VigilGlueJobOperator(task_id="curate", job="curate_job", arguments=landed["arguments"])
    checked = QualityGateOperator(task_id="check", staging=landed["staging"])
    released = release(landed["staging"], landed["quarters"])
    # Direct edges, not only through values: a staged prefix is judged only after the run that fills it has ended.
    landed >> curated >> checked >> released >> announce(released)


build_dataset()
