"""Delivers decisions to the runs that wait: at once from the table's stream, and each minute what was interrupted."""

from __future__ import annotations

from typing import Any

from vigil.approvals.deliver import sweep
from vigil.aws.approval_ports import delivery_ports, executions
from vigil.aws.decision_stream import deliver_changes
from vigil.aws.drift_failures import record_stopped_drift
from vigil.aws.drift_ports import failure_ports
from vigil.aws.endpoint_restoration import restore_recorded
from vigil.aws.environment import load_parameters
from vigil.aws.minute_sweep import failures, run_each
from vigil.aws.outcome_ports import outcome_ports
from vigil.aws.restoration_ports import restoration_ports
from vigil.aws.stopped_runs import record_stopped
from vigil.aws.watchdog import DECISIONS_SWEPT, count


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    ports = delivery_ports(parameters)
    if "Records" in event:
        return {"delivered": deliver_changes(event, ports)}
    runs, outcomes, machines = executions(), outcome_ports(parameters), parameters.state_machines
    done = run_each(
        {
            "restored": lambda: restore_recorded(restoration_ports(parameters, runs, outcomes)),
            "swept": lambda: sweep(ports),
            "stopped": lambda: record_stopped(machines.train_and_promote, runs, outcomes),
            "stopped roll-backs": lambda: record_stopped(machines.roll_back, runs, outcomes),
            "stopped on drift": lambda: record_stopped_drift(
                machines.retrain_on_drift, runs, outcomes.records, failure_ports(parameters), outcomes.clock
            ),
        }
    )
    count({DECISIONS_SWEPT: int(not failures(done))})
    return done
