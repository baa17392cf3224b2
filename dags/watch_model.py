"""
### watch_model: what the model in service answered, looked at once a week or on demand

| task | what it does |
|---|---|
| `choose_window` | asks which window is looked at: the form's, or the last whole one of the plan's length (a week) |
| `merge_ground_truth` | a processing job joins what was captured with the labels that have arrived, and counts both |
| `run_monitors` | one processing job for each monitor: data quality, model quality, bias, feature attribution |
| `weekly_report` | writes the report of the week, with plots of the last thirteen; a tab of the run |

It only looks. Violations are news, not faults: they leave this DAG green, and what follows from them is decided by the
change control plan's rules in the state machine `retrain-on-drift`. No DAG decides whether a model may serve.

**When it runs.** By hand, or by itself on Mondays at 05:00 UTC. The monitors run each day without it, too: their
schedules come and go with the endpoint. This DAG looks at the whole week once more, with the labels that have come
meanwhile, and writes the report. A job that looked at the very same data before is joined, not repeated.

Labels lag behind answers, so in a run without a window in its form the monitors that need them (model quality, bias)
look once more at the windows before it, as far back as the plan's `labels_come_within_seconds`, if labels came since.

**Form.** `window_start` and `window_end`: both or neither (UTC). `monitors`: which ones; all by default.

**What a window says.** `ok`; `violations`; `too-few`: fewer cases, or labels, than the plan lets a monitor judge by.
That is no all-clear. A window in which nothing was captured is `too-few`, too.

### Triage notes

- **`choose_window` skipped**: no model serves, so there is nothing to watch.
- **`choose_window` failed with `NotWatchedError`**: what serves went into service before monitoring, without a
  baseline. Promote a model; clearing changes nothing. With `WindowRefusedError`: the form names half a window, or no
  monitor.
- **`run_monitors` or `merge_ground_truth` failed**: the message is the job's own. A retry starts the job under its next
  name, three in all; after that, mend what the message names. The job's log is in CloudWatch,
  `/aws/sagemaker/ProcessingJobs`.
- **`run_monitors` green, and its log warns "nothing was captured"**: no request came in this window, or data capture
  does not work. Ask whoever sends cases; look at `captured/` in the capture bucket.
- **`too-few` by labels**: the ground truth has not come. The log of `merge_ground_truth` says how many labels are
  there, and how many were late, double, contradictory or of nobody.
- **Violations**: open the tab *Weekly report*, then the page *Monitoring*: it has the decision that was made of them.
- **`weekly_report` failed**: safe to clear; the same week is written over.
- **To stop a run**: mark `run_monitors` failed; the jobs that this run started are stopped.
- **`VigilVersionError`**: the DAG files are newer than the installed wheel; update the environment's requirements, then
  clear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task
from vigil_airflow.monitor_job import MonitorJobOperator
from vigil_airflow.weekly_report import WeeklyReportOperator

VIGIL_VERSION = "0.1.0"
MONITORS = ["data-quality", "model-quality", "bias", "attribution"]
# Mondays, when the weekend's cases are in. Switching the DAG on must start nothing: see build_dataset.
SCHEDULE = CronTriggerTimetable("0 5 * * 1", timezone="UTC", run_immediately=timedelta(0))


@task
def choose_window() -> list[dict[str, Any]]:
    """The monitors' orders. Pushes the `window`, and the order of the `merge` over it."""
    from vigil_airflow import monitor_steps
    from vigil_airflow.config import require_vigil

    require_vigil(VIGIL_VERSION)
    context = get_current_context()
    run = context["dag_run"]
    as_of = run.logical_date if run.run_type == "scheduled" else None
    chosen = monitor_steps.choose_window(context["params"], as_of)
    for name in ("window", "merge"):
        context["ti"].xcom_push(key=name, value=chosen[name])
    orders: list[dict[str, Any]] = chosen["orders"]
    return orders


@dag(
    schedule=SCHEDULE,
    catchup=False,
    max_active_runs=1,
    tags=["vigil", "monitoring", "impact:tier-2"],
    default_args={"owner": "data-engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    params={
        "window_start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window: start",
            description="Only for a run by hand: from when on, UTC. Empty, with the end: the last whole week.",
        ),
        "window_end": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window: end",
            description="Up to when, UTC.",
        ),
        "monitors": Param(
            MONITORS,
            type="array",
            items={"type": "string", "enum": MONITORS},
            examples=MONITORS,
            title="Monitors",
            description="Which of the four are run.",
        ),
    },
)
def watch_model() -> None:
    chosen = choose_window()
    merged = MonitorJobOperator(task_id="merge_ground_truth", order=chosen["merge"])
    found = MonitorJobOperator.partial(task_id="run_monitors", map_index_template="{{ task.order['monitor'] }}").expand(
        order=chosen
    )
    report = WeeklyReportOperator(task_id="weekly_report", window=chosen["window"], results=found.output)
    # A direct edge: the counts of the ground truth are in the log before the verdicts that rest on it.
    chosen >> merged >> found >> report


watch_model()
