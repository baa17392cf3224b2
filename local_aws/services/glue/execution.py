"""One job run from its script to its final state: a thread and a Python process for each."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.processes import ProcessStartError
from local_aws.services import job_process
from local_aws.services.glue.logs import error_message, follow_output, publish_error
from local_aws.services.glue.records import change_run, find_run, now
from local_aws.services.glue.script import prepare
from local_aws.services.glue.shapes import StoredRun
from local_aws.services.job_process import Control, Ending, InterruptedByShutdownError, Job
from local_aws.services.s3_transfer import TransferError
from local_aws.settings import JobSettings

logger = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 10.0
CLOSE_LIMIT_SECONDS = 15.0


class _Running:
    """The runs of one server that have a thread at the moment."""

    def __init__(self) -> None:
        self.controls: dict[str, Control] = {}
        self.threads: dict[str, threading.Thread] = {}
        self.lock = threading.Lock()


_servers: dict[Path, _Running] = {}
_guard = threading.Lock()


def launch(context: Context, stored: StoredRun) -> None:
    """Start the run's thread; one that has a thread already is left alone."""
    run_id, running = stored["run"]["Id"], _running(context)
    with running.lock:
        if run_id in running.controls:
            return
        control = running.controls[run_id] = Control()
        thread = threading.Thread(
            target=_carry_out, args=(context, running, stored, control), name=f"glue-{run_id[:11]}", daemon=True
        )
        running.threads[run_id] = thread
        thread.start()


def stop(context: Context, job_name: str, run_id: str) -> None:
    """Ask a run to stop. One without a thread, because its server has ended meanwhile, is stopped at the next start."""
    running = _running(context)
    with running.lock:
        control = running.controls.get(run_id)
    if control is not None:
        control.stop.set()


def shutdown(context: Context) -> None:
    """Interrupt every run; they run again after the next start."""
    with _guard:
        running = _servers.pop(context.state_dir, None)
    if running is None:
        return
    with running.lock:
        threads = list(running.threads.values())
        for control in running.controls.values():
            control.closing.set()
    for thread in threads:
        thread.join(CLOSE_LIMIT_SECONDS)


def log_file(context: Context, run_id: str) -> Path:
    return context.state_dir / "logs" / "glue" / f"{run_id}.log"


def _running(context: Context) -> _Running:
    with _guard:
        return _servers.setdefault(context.state_dir, _Running())


def _carry_out(context: Context, running: _Running, stored: StoredRun, control: Control) -> None:
    run_id = stored["run"]["Id"]
    try:
        _run(context, stored, control)
    except InterruptedByShutdownError:
        logger.info("Glue run %s was interrupted and will run again after the next start", run_id)
    except Exception:
        logger.exception("Glue run %s ended in an error of local_aws itself", run_id)
        _finish(context, stored, "FAILED", "InternalServiceException: the log of local_aws has the reason")
    finally:
        with running.lock:
            running.controls.pop(run_id, None)
            running.threads.pop(run_id, None)


def _run(context: Context, stored: StoredRun, control: Control) -> None:
    run = stored["run"]
    context = acting_as(context, stored.get("role"), "GlueJobRunnerSession", f"{run['JobName']}/{run['Id']}")
    settings = JobSettings.from_environment()
    log = log_file(context, run["Id"])
    log.unlink(missing_ok=True)  # an interrupted attempt's last line is not this attempt's error
    folder = context.state_dir / "glue" / run["Id"]
    try:
        script = prepare(context, stored, folder, settings)
        job = Job(f"glue-run/{run['Id']}", script.argv, script.folder, script.environment, log)
        if control.stop.is_set():
            _finish(context, stored, "STOPPED")
            return
        change_run(context, run["JobName"], run["Id"], JobRunState="RUNNING")
        limit = run["Timeout"] * settings.glue_minute_seconds
        outcome = job_process.run(
            context,
            job,
            control,
            limit_seconds=limit,
            grace_seconds=STOP_GRACE_SECONDS,
            followers=[follow_output(context, run, log)],
        )
    except (TransferError, ProcessStartError) as error:
        control.check_closing()
        _finish(context, stored, "FAILED", str(error))
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = outcome.ending is Ending.ITSELF and outcome.exit_code != 0 and not control.stop.is_set()
    if failed:
        publish_error(context, run, log)
    if outcome.ending is Ending.TIME_LIMIT:
        _finish(context, stored, "TIMEOUT", "Job timeout")
    elif outcome.ending is Ending.STOPPED or control.stop.is_set():
        _finish(context, stored, "STOPPED")
    elif failed:
        _finish(context, stored, "FAILED", error_message(log, outcome.exit_code))
    else:
        _finish(context, stored, "SUCCEEDED")


def _finish(context: Context, stored: StoredRun, state: str, error: str | None = None) -> None:
    name, run_id = stored["run"]["JobName"], stored["run"]["Id"]
    moment = now()
    seconds = round((moment - find_run(context, name, run_id)["run"]["StartedOn"]).total_seconds())
    members = {"ErrorMessage": error} if error else {}
    change_run(context, name, run_id, JobRunState=state, CompletedOn=moment, ExecutionTime=seconds, **members)
