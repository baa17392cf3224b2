"""An update-endpoint execution that is stopped in its midst, on the engine; then the minute's sweep over its traces."""

from datetime import UTC, datetime, timedelta

import pytest
from promotion_world import FACTS
from state_machines import eventually

from local_aws.services.states.executions import execution_operations as operations
from vigil.aws.endpoint_restoration import RestorationError, RestorationPorts, restore_recorded
from vigil.aws.executions import Executions
from vigil.aws.outcomes import OutcomePorts

PACKAGE = FACTS["model_package_arn"]
LATER = timedelta(minutes=5)


class Records:
    """The runs table in memory."""

    def __init__(self):
        self.rows = {}

    def get(self, arn):
        return self.rows.get(arn)

    def finish(self, arn, outcome, reason, at):
        row = self.rows.setdefault(arn, {})
        return row.get("outcome") is None and not row.update(outcome=outcome, reason=reason)

    def settle(self, arn, at):
        self.rows.setdefault(arn, {})["endpoint_settled_at"] = str(at)


class Packages:
    def __init__(self):
        self.statuses = {"old": "Approved", PACKAGE: "PendingManualApproval"}

    def status(self, arn):
        return self.statuses[arn]

    def set_status(self, arn, status, reason):
        self.statuses[arn] = status


class StepFunctions:
    """The engine behind boto3's spelling."""

    def __init__(self, aws):
        self.aws = aws

    def list_executions(self, **request):
        return operations.list_executions(self.aws, request)

    def describe_execution(self, **request):
        return dict(operations.describe_execution(self.aws, request))


class Upkeep:
    """The sweep's part for the endpoint over a promotion world, at a time that a test sets."""

    def __init__(self, promotion):
        self.promotion, self.sagemaker = promotion, promotion.sagemaker
        self.records, self.packages, self.notices = Records(), Packages(), []
        self.recorded, self.late = {}, timedelta(0)
        self.records.rows["arn:of:the:run"] = {"outcome": "RUNNING", "model_package_arn": PACKAGE}

    def serving(self, endpoint):
        return self.recorded

    def publish(self, subject, facts):
        self.notices.append((subject, facts))

    def sweep(self, late=timedelta(0)):
        """One minute's sweep, ``late`` after now."""
        outcomes = OutcomePorts(self.records, self.packages, self, lambda: datetime.now(UTC) + late)
        runs = Executions(StepFunctions(self.promotion.world.aws))
        machine = self.promotion.machines["update-endpoint"]
        return restore_recorded(
            RestorationPorts(machine, "triage", runs, self, self.promotion.services("sagemaker"), outcomes)
        )

    def start(self):
        value = {"approval_request_id": "apr-1", "requested_execution": "arn:of:the:run"}
        return self.promotion.start("update-endpoint", value, "apr-1")

    def stop_before_marking(self):
        """Start an update; stop it when the new model serves and its smoke test is asked for."""
        arn = None

        def stop(event):
            self.promotion.world.stop(arn, cause="operator pressed stop")
            return {}

        self.promotion.functions["SmokeTest"] = stop
        self.promotion.functions["VerifyApproval"] = self.held(self.promotion.functions["VerifyApproval"])
        arn = self.start()
        self.go = True
        assert self.promotion.world.ended(arn)["status"] == "ABORTED"
        return arn

    go = False

    def held(self, answer):
        """Not before the test knows the execution's ARN."""
        return lambda event: eventually(lambda: self.go) and answer


@pytest.fixture
def upkeep(promotion):
    return Upkeep(promotion)


@pytest.fixture
def serving(upkeep):
    """The endpoint serves what is recorded as ACTIVE."""
    upkeep.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    upkeep.recorded = {"config_name": "before", "active_package": "old", "execution_arn": "earlier"}
    return upkeep


def settled(upkeep):
    upkeep.promotion.services("sagemaker").describe_endpoint(EndpointName="triage")
    endpoint = upkeep.sagemaker.endpoints["triage"]
    return endpoint["status"], endpoint["config"]


def test_a_stopped_update_is_put_back_and_its_package_rejected(serving):
    arn = serving.stop_before_marking()
    assert settled(serving) == ("InService", serving.sagemaker.configs[0]), "stopped too early to matter"
    assert serving.sweep() == {arn: "update"}
    assert settled(serving) == ("InService", "before")
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.records.rows[arn]["outcome"] == "EndpointRolledBack"
    assert serving.records.rows[arn]["reason"] == "operator pressed stop"
    assert serving.packages.statuses == {"old": "Approved", PACKAGE: "Rejected"}
    assert [subject for subject, _ in serving.notices] == [
        "Vigil: the endpoint is put back",
        "Vigil: EndpointRolledBack",
    ]
    assert serving.sweep(LATER) == {}


def test_a_first_endpoint_that_was_never_marked_active_is_deleted(upkeep):
    arn = upkeep.stop_before_marking()
    assert settled(upkeep)[0] == "InService"
    assert upkeep.sweep() == {arn: "delete"}
    assert upkeep.sagemaker.endpoints == {}
    assert upkeep.sweep(LATER) == {arn: "settled"}


def test_while_an_update_runs_nothing_is_put_back(serving):
    serving.stop_before_marking()
    serving.go = False
    running = serving.promotion.start("update-endpoint", {}, "apr-2")
    assert serving.sweep() == {}
    assert settled(serving) == ("InService", serving.sagemaker.configs[0])
    serving.promotion.world.stop(running)


def test_an_execution_that_ended_just_now_is_looked_at_again(serving):
    """A call that it made may take effect after it was stopped."""
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": "InService", "config": "before"}
    assert serving.sweep() == {arn: "as recorded, looked at again"}
    serving.sagemaker.endpoints["triage"]["config"] = "late"
    assert serving.sweep() == {arn: "update"}


@pytest.mark.parametrize("status", ["Updating", "Creating", "Deleting", "RollingBack", "SystemUpdating"])
def test_an_endpoint_in_the_middle_of_a_change_is_waited_for(serving, status):
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": status, "config": "new"}
    assert serving.sweep() == {arn: "wait"}
    assert serving.notices == []


def test_a_failed_endpoint_is_deleted_and_made_anew(serving):
    arn = serving.stop_before_marking()
    serving.sagemaker.endpoints["triage"] = {"status": "Failed", "config": "new"}
    assert serving.sweep() == {arn: "delete"}
    assert serving.sweep() == {arn: "create"}
    assert settled(serving) == ("InService", "before")


def test_an_update_stopped_after_it_was_marked_stays(serving):
    arn = serving.stop_before_marking()
    (config,) = serving.sagemaker.configs
    serving.recorded = {"config_name": config, "active_package": PACKAGE, "execution_arn": arn}
    settled(serving)
    assert serving.sweep(LATER) == {arn: "settled"}
    assert serving.packages.statuses[PACKAGE] != "Rejected"
    assert "outcome" not in serving.records.rows[arn]


def test_a_rejected_package_is_not_put_back_although_it_is_recorded(serving):
    serving.stop_before_marking()
    serving.packages.statuses["old"] = "Rejected"
    settled(serving)
    with pytest.raises(RestorationError, match="decide by hand"):
        serving.sweep()


def test_without_an_ended_update_the_endpoint_is_nobodys_business_here(serving):
    """Someone with the right to it has deleted it to save its cost."""
    serving.sagemaker.endpoints.clear()
    assert serving.sweep() == {}
