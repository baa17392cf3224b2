"""The minute's sweep over an endpoint, over a promotion world and with tables in memory."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from promotion_world import FACTS
from state_machines import eventually

from local_aws.services.states.executions import execution_operations as operations
from vigil.audit.models import Actor
from vigil.aws.endpoint_restoration import RestorationPorts, restore_recorded
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import LedgerUnavailableError
from vigil.aws.outcomes import OutcomePorts
from vigil.aws.run_records import has_ended

PACKAGE = FACTS["model_package_arn"]
RUN = "arn:of:the:run"


class Records:
    """The runs table in memory."""

    def __init__(self):
        self.rows = {}

    def get(self, arn):
        return self.rows.get(arn)

    def pinned(self, arn):
        return {}

    def finish(self, arn, outcome, reason, at, redrives=0):
        row = self.rows.setdefault(arn, {})
        return not has_ended(row, redrives) and not row.update(outcome=outcome, reason=reason, redrives=str(redrives))

    def note_restoration(self, arn, step, found):
        row = self.rows.setdefault(arn, {})
        row |= {"restoration_step": step, "restoration_found": row.get("restoration_found", found)}

    def settle(self, arn, at, redrives):
        self.rows.setdefault(arn, {}).update(endpoint_settled_at=str(at), settled_redrives=str(redrives))


class Ledger:
    """The ledger in memory; ``broken`` while nothing can be appended."""

    def __init__(self):
        self.entries, self.broken = {}, False

    def append(self, entry):
        if self.broken:
            raise LedgerUnavailableError("not now")
        return self.entries.setdefault((entry.chain, entry.key), entry)

    @property
    def events(self):
        return [entry.event.value for entry in self.entries.values()]


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

    def get_paginator(self, name):
        return SimpleNamespace(paginate=lambda **request: [getattr(self, name)(**request)])

    def describe_execution(self, **request):
        return dict(operations.describe_execution(self.aws, request))


class Upkeep:
    """The sweep's part for the endpoint over a promotion world, at a time that a test sets."""

    def __init__(self, promotion):
        self.promotion, self.sagemaker = promotion, promotion.sagemaker
        self.records, self.packages, self.ledger, self.notices = Records(), Packages(), Ledger(), []
        self.recorded, self.late, self.waits_its_turn = {}, timedelta(0), set()
        self.records.rows[RUN] = {"outcome": "RUNNING", "model_package_arn": PACKAGE}

    def serving(self, endpoint):
        return self.recorded

    def publish(self, subject, facts):
        self.notices.append((subject, facts))

    def sweep(self, late=timedelta(0)):
        """One minute's sweep, ``late`` after now."""
        machine = self.promotion.machines["update-endpoint"]
        actor = Actor(name="sweep", via="AWS Lambda", verified=True)
        outcomes = OutcomePorts(
            self.records,
            self.packages,
            self,
            lambda: datetime.now(UTC) + late,
            self.ledger,
            actor,
            self,
            "triage",
            machine,
            machine.replace("update-endpoint", "roll-back"),
        )
        runs = Executions(StepFunctions(self.promotion.world.aws))
        return restore_recorded(
            RestorationPorts(
                machine, "triage", runs, self, self.promotion.services("sagemaker"), outcomes, self.has_claimed
            )
        )

    def has_claimed(self, arn):
        return arn not in self.waits_its_turn

    def start(self):
        value = {"approval_request_id": "apr-1", "requested_execution": RUN}
        return self.promotion.start("update-endpoint", value, "apr-1")

    def stop_before_marking(self, at="SmokeTest"):
        """Start an update; stop it when the new model serves and its smoke test is asked for, or another function."""
        arn = None

        def stop(event):
            if event.get("phase") == "paired-test":
                return {"verdict": "passed", "reason": "as good"}
            self.promotion.world.stop(arn, cause="operator pressed stop")
            return {}

        self.promotion.functions[at] = stop
        self.promotion.functions["VerifyApproval"] = self.held(self.promotion.functions["VerifyApproval"])
        arn = self.start()
        self.go = True
        assert self.promotion.world.ended(arn)["status"] == "ABORTED"
        return arn

    go = False

    def held(self, answer):
        """Not before the test knows the execution's ARN."""
        return lambda event: eventually(lambda: self.go) and answer


def settled(upkeep):
    upkeep.promotion.services("sagemaker").describe_endpoint(EndpointName="triage")
    endpoint = upkeep.sagemaker.endpoints["triage"]
    return endpoint["status"], endpoint["config"]
