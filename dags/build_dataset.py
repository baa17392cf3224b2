"""
### build_dataset: FAERS quarters become a dataset version

| task | what it does |
|---|---|
| `land` | validates the archives and copies each once to a key that holds its digest |
| `curate` | one Glue run: newest version of each case, split by case and by time, rejects and measurements |
| `check` | judges the measurements by the named quality profile; the table is in its log |
| `release` | writes the content-addressed version, verifies it, registers it in the DVC data registry |
| `announce` | updates the asset `faers-dataset`, which starts `train_model` |

Nothing is released that was not checked, and nothing is announced that was not released. `announce` is skipped when the
version is unchanged, and in backfills.

**Form.** `archives`: S3 addresses of FAERS archives (ZIP); empty takes everything in the landing area. `profile`: the
quality bounds, `full` for whole quarters as FDA publishes them, `openfda-sample` for samples, `synthetic` for generated
ones.

### Triage notes

- **`land` failed**: the message names the archive and what is wrong with it (unreadable, an older layout, a table
  missing). Upload a good one (`vigil quarters land FILE`), then clear `land`.
- **`curate` failed**: the message is Glue's; the last lines of the run are in the task's log. A retry joins a run that
  still goes on. "already runs with other arguments": somebody else's run; wait for it, then clear.
- **`check` failed**: each failing rule is named with its value and its bound. Nothing was released. Look at the
  archives; a bound is changed only in `quality_profiles.yaml`, with a reason.
- **`release` failed**: safe to clear; it goes on where it stopped. A rejected push is retried by itself.
- **`announce` skipped**: this version was released before; `train_model` starts by hand for it, with its form.
- **To stop a run**: mark `curate` failed, or clear it; its Glue run is stopped.
- **`VigilVersionError`**: the DAG files are newer than the installed wheel; update the environment's requirements, then
  clear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Metadata, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from vigil_airflow.asset import FAERS_DATASET
from vigil_airflow.glue_job import VigilGlueJobOperator

VIGIL_VERSION = "0.1.0"


@task(multiple_outputs=True)
def land() -> dict[str, Any]:
    """What `curate` is called with (`arguments`), where it puts its results (`staging`), the `quarters`."""
    from vigil_airflow.config import require_vigil
    from vigil_airflow.dataset_steps import curation_arguments

    require_vigil(VIGIL_VERSION)
    context = get_current_context()
    return curation_arguments(context["params"]["archives"], context["params"]["profile"], context["run_id"])


@task
def check(staging: str) -> dict[str, Any]:
    """The quality report. Fails naming each failing rule."""
    from vigil_airflow.dataset_steps import check_quality

    return check_quality(staging)


@task(inlets=[FAERS_DATASET])
def release(staging: str, quarters: list[str]) -> dict[str, Any]:
    """The released version: name, version, prefix, tag, quarters, already_released."""
    from vigil_airflow.dataset_choice import is_news
    from vigil_airflow.dataset_steps import release_dataset

    context = get_current_context()
    released = release_dataset(staging, quarters)
    announced = [(event.extra or {}).get("version") for event in context["inlet_events"][FAERS_DATASET]]
    news = is_news(released["version"], released["already_released"], context["ti"].try_number, announced)
    return {**released, "already_released": not news}


@task(outlets=[FAERS_DATASET])
def announce(released: dict[str, Any]) -> Any:
    """The asset's event, which starts `train_model`."""
    if released["already_released"]:
        raise AirflowSkipException(f"version {released['version']} is unchanged: no event")
    run = get_current_context()["dag_run"]
    if run.run_type == "backfill":
        raise AirflowSkipException("a backfill announces nothing: start train_model by hand where it is wanted")
    extra = {name: released[name] for name in ("version", "prefix", "quarters", "already_released")}
    # The person behind a training that an asset starts: who asked may not be who signs.
    yield Metadata(FAERS_DATASET, extra={**extra, "requested_by": run.triggering_user_name})


@dag(
    schedule=None,
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
    },
)
def build_dataset() -> None:
    landed = land()
    curated = VigilGlueJobOperator(task_id="curate", job="curate_job", arguments=landed["arguments"])
    checked = check(landed["staging"])
    released = release(landed["staging"], landed["quarters"])
    # Direct edges, not only through values: a staged prefix is judged only after the run that fills it has ended.
    landed >> curated >> checked >> released >> announce(released)


build_dataset()
