from dataclasses import replace
from datetime import timedelta

import pytest
from approval_fakes import EXECUTION, NOW
from ledger_reading import broken_ledger, events

from vigil.audit.models import model_chain
from vigil.aws.executions import EndedExecution
from vigil.aws.ledger_ports import LedgerUnavailableError
from vigil.aws.outcome_ports import outcome_ports
from vigil.aws.outcomes import OutcomeEvent, record_outcome
from vigil.aws.pinning import run_key
from vigil.aws.stopped_runs import record_stopped

FORTNIGHT = timedelta(days=14)


@pytest.fixture
def ports(stack):
    return outcome_ports(stack.parameters)


class Stopped:
    """One execution that somebody stopped, perhaps once more after it was redriven."""

    listed, described = "ABORTED", {"status": "ABORTED", "error": "stopped", "cause": "not needed any more"}

    def __init__(self, redrives=0, **now):
        self.redrives, self.now = redrives, now

    def recently_ended(self, machine, status):
        return [EndedExecution(EXECUTION, self.redrives)] if status == self.listed else []

    def describe(self, arn):
        return self.described | {"redriveCount": self.redrives} | self.now


class Failed(Stopped):
    """An execution that failed while nothing could be recorded."""

    listed, described = "FAILED", {"status": "FAILED", "error": "TrainingFailed", "cause": "no rows"}


def start(ports, **fields):
    ports.records.start(EXECUTION, {"pinned": "{}", **fields})


def later(ports, by):
    return replace(ports, clock=lambda: ports.clock() + by)


def test_a_stopped_run_is_recorded_once(stack, ports):
    start(ports)
    assert record_stopped("machine", Stopped(), ports) == [EXECUTION]
    record = ports.records.get(EXECUTION)
    assert (record["outcome"], record["reason"]) == ("Stopped", "not needed any more")
    assert record_stopped("machine", Stopped(), ports) == []
    assert len(stack.notices()) == 1
    assert ports.clock() > NOW


def test_a_stopped_runs_package_waits_for_a_redrive_and_who_asked_is_told(stack, ports):
    package = stack.package()
    start(ports, requested_by="airflow:dana", dataset_version="d" * 64)
    assert ports.records.register(EXECUTION, package) == "RUNNING"
    record_stopped("machine", Stopped(), ports)
    record_stopped("machine", Stopped(), later(ports, FORTNIGHT - timedelta(minutes=1)))
    assert stack.package_status(package) == "PendingManualApproval"
    (notice,) = stack.notices()
    assert (notice["model_package_arn"], notice["requested_by"]) == (package, "airflow:dana")


def test_a_stopped_run_that_cannot_be_redriven_any_more_is_given_up_once(stack, ports):
    package = stack.package()
    start(ports)
    ports.records.register(EXECUTION, package)
    record_stopped("machine", Stopped(), ports)
    late = later(ports, FORTNIGHT)
    assert record_stopped("machine", Stopped(), late) == []
    assert stack.package_status(package) == "Rejected"
    ports.packages.set_status(package, "PendingManualApproval", "by hand")
    record_stopped("machine", Stopped(), late)
    assert stack.package_status(package) == "PendingManualApproval", "what people decide afterwards stays"


def test_a_run_that_is_stopped_again_has_another_fortnight(stack, ports):
    package = stack.package()
    start(ports)
    ports.records.register(EXECUTION, package)
    record_stopped("machine", Stopped(), ports)
    again = later(ports, timedelta(days=10))
    assert record_stopped("machine", Stopped(redrives=1), again) == [EXECUTION]
    record_stopped("machine", Stopped(redrives=1), later(ports, timedelta(days=20)))
    assert stack.package_status(package) == "PendingManualApproval"
    record_stopped("machine", Stopped(redrives=1), later(ports, timedelta(days=25)))
    assert stack.package_status(package) == "Rejected"


def test_a_run_that_was_redriven_since_it_was_listed_has_not_ended(ports):
    start(ports)
    assert record_stopped("machine", Stopped(status="RUNNING"), ports) == []
    assert ports.records.get(EXECUTION)["outcome"] == "RUNNING"


def test_a_stopped_roll_back_costs_the_model_nothing(stack, ports):
    package = stack.package("Approved")
    start(ports, kind="rollback", model_package_arn=package)
    record_stopped("machine", Stopped(), ports)
    record_stopped("machine", Stopped(), later(ports, FORTNIGHT))
    assert stack.package_status(package) == "Approved"


def test_a_failed_run_whose_end_could_not_be_recorded_is_recorded_by_the_sweep(stack, ports, monkeypatch):
    package = stack.package()
    start(ports)
    ports.records.register(EXECUTION, package)
    ended = OutcomeEvent(execution_arn=EXECUTION, outcome="TrainingFailed")
    with broken_ledger(monkeypatch), pytest.raises(LedgerUnavailableError):
        record_outcome(ended, ports)
    assert ports.records.get(EXECUTION)["outcome"] == "RUNNING"
    assert record_stopped("machine", Failed(), ports) == [EXECUTION]
    assert ports.records.get(EXECUTION)["outcome"] == "TrainingFailed"
    assert stack.package_status(package) == "Rejected", "redriven, it fails again: it ended in its own state"
    assert record_stopped("machine", Failed(), ports) == []
    assert events(stack, model_chain(run_key(EXECUTION))) == ["run.ended"]


def test_an_end_that_cannot_be_recorded_does_not_keep_the_others_from_it(stack, ports, monkeypatch):
    with broken_ledger(monkeypatch):
        assert record_stopped("machine", Failed(), ports) == []
    assert ports.records.get(EXECUTION) is None


def test_a_stopped_run_whose_model_is_in_service_takes_nothing_back(stack, ports):
    package = stack.package("Approved")
    ports.records.register(EXECUTION, package)
    record_stopped("machine", Stopped(), ports)
    record_stopped("machine", Stopped(), later(ports, FORTNIGHT))
    assert stack.package_status(package) == "Approved"
