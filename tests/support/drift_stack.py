"""A deployed stack with a model in service, quarters, a stand-in for Airflow, and no analyzer: tests write its windows.

Every function runs in a process of its own under its own role; only the machine's pauses and back-offs are shortened.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_stand_in import AirflowStandIn, airflow_stand_in
from candidate_evidence import ROLE, real_plan
from deployed_stack import VIGIL, Deployment
from drift_cases import BASELINE, SERVING, report, week
from faers_archives import Archive
from local_server import LocalServer, eventually
from moto_people import add_person

from vigil.audit.models import Record, model_chain
from vigil.aws.approval_ports import evidence_store, ledger_table
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.monitoring_table import MonitoringTable
from vigil.aws.releases import ReleaseRecord, record_release
from vigil.cases.inspect import inspect_archive
from vigil.monitoring.models import EVENT_SOURCE, WINDOW_EVENT, DriftDecision, WindowReport
from vigil.monitoring.retraining import dag_run_id

RUN_KEY, VERSION = "0123456789ab", "d" * 64
KNOWN, NEW, SMALL = "2025Q2", "2025Q4", "2026Q1"
ENOUGH = 520  # reports: more than the plan's minimum of new cases


@dataclass
class DriftStack:
    server: LocalServer
    airflow: AirflowStandIn
    parameters: StackParameters
    folder: Path
    weeks: Iterator[int]
    seen: set[str] = field(default_factory=set)

    # --- the world ------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """A model in service, one new quarter with enough reports, no retraining ever."""
        self.airflow.reset()
        key = MonitoringTable.key(self.endpoint, "retraining")
        aws_client("dynamodb").delete_item(TableName=self.parameters.tables.monitoring, Key=key)
        self.unland()
        self.serve([self.keep(KNOWN, 3)])
        self.land(NEW, ENOUGH)

    @property
    def endpoint(self) -> str:
        return self.parameters.sagemaker.endpoint

    def serve(self, archives: Sequence[str], artefact_digest: str = SERVING) -> None:
        item = {
            "model_package_arn": f"endpoint#{self.endpoint}", "active_package": "arn:package", "run_key": RUN_KEY,
            "artefact_digest": artefact_digest, "plan_digest": real_plan().digest, "dataset_version": VERSION,
            "baseline_digest": BASELINE,
        }  # fmt: skip
        aws_client("dynamodb").put_item(
            TableName=self.parameters.tables.models, Item={name: {"S": value} for name, value in item.items()}
        )
        released = {
            "name": "faers", "version": VERSION, "tag": "t", "quarters": (KNOWN,), "prefix": "s3://d/x/",
            "profile": "synthetic", "rows": {"train": 1}, "serious_rate": 0.5, "schema_version": 2, "engine": "duckdb",
            "curation_revision": "r", "archives": tuple(archives), "released_at": server_time(),
        }  # fmt: skip
        record_release(ReleaseRecord.model_validate(released), self.parameters.buckets.datasets)

    def keep(self, quarter: str, reports: int) -> str:
        """An archive as `build_dataset` keeps it; its digest."""
        path = self._archive(quarter, reports)
        digest = inspect_archive(path).sha256
        self._put(f"quarters/{quarter}/{digest}/{path.name}", path.read_bytes())
        return digest

    def land(self, quarter: str, reports: int) -> str:
        """An archive as people upload it; its address."""
        path = self._archive(quarter, reports)
        return self._put(f"landing/{path.name}", path.read_bytes())

    def unland(self) -> None:
        s3, bucket = aws_client("s3"), self.parameters.buckets.raw
        for item in s3.list_objects_v2(Bucket=bucket, Prefix="landing/").get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])

    # --- windows --------------------------------------------------------------------------------------------------

    def window(self, *, written: bool = True, **changes: Any) -> WindowReport:
        """The report of a window that no other test has. ``written``: its file is there, as the analyzer leaves it."""
        window = changes.pop("window", None) or week(next(self.weeks))
        monitor = changes.get("monitor", "data-quality")
        uri = f"s3://{self.parameters.buckets.capture}/reports/{self.endpoint}/{monitor}/{window.key}/"
        found = report(**{"endpoint": self.endpoint, "report_uri": uri, "window": window, **changes})
        if written:
            self.write(found)
        return found

    def write(self, found: WindowReport) -> None:
        key = found.report_uri.partition("/reports/")[2]
        body = found.model_dump_json().encode()
        aws_client("s3").put_object(Bucket=self.parameters.buckets.capture, Key=f"reports/{key}window.json", Body=body)

    def announce(self, *reports: WindowReport) -> None:
        """The analyzer's event, as it comes to the default bus."""
        entries = [
            {"Source": EVENT_SOURCE, "DetailType": WINDOW_EVENT, "Detail": each.told().model_dump_json()}
            for each in reports
        ]
        answer = aws_client("events").put_events(Entries=entries)
        assert answer["FailedEntryCount"] == 0

    def handle(self, *reports: WindowReport) -> list[str]:
        """Announce, and wait for the ends of what that started: their names, sorted."""
        self.announce(*reports)
        return self.ends(len(reports))

    def ends(self, count: int) -> list[str]:
        """How the next executions end: the outcome, or the error's name."""
        machine = self.parameters.state_machines.retrain_on_drift

        def ended() -> list[dict[str, Any]] | None:
            listed = aws_client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
            new = [each for each in listed if each["executionArn"] not in self.seen]
            assert len(new) <= count, "more executions than events"
            return new if len(new) == count and all(each["status"] != "RUNNING" for each in new) else None

        found = eventually(ended, within=90)
        assert found is not None
        self.seen |= {each["executionArn"] for each in found}
        return sorted(self._end(each["executionArn"]) for each in found)

    # --- what became of it ------------------------------------------------------------------------------------------

    def decision(self, found: WindowReport) -> DriftDecision | None:
        table = MonitoringTable(aws_client("dynamodb"), self.parameters.tables.monitoring)
        return table.decision(self.endpoint, found.id)

    def decided(self, found: WindowReport) -> DriftDecision:
        decision = self.decision(found)
        assert decision is not None
        return decision

    def recorded(self, decision_id: str) -> list[str]:
        return [record.event.value for record in self.records(f"drift:{decision_id}")]

    def records(self, subject: str) -> list[Record]:
        chain = ledger_table(self.parameters).read(model_chain(RUN_KEY))
        return [record for record in chain if record.subject == subject]

    def asked(self, found: WindowReport) -> int:
        """How often Airflow was asked for the retraining of this window."""
        return self.airflow.asked_for(dag_run_id(found.id))

    def vigil(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VIGIL, *arguments], capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
        )

    def _end(self, execution: str) -> str:
        described = aws_client("stepfunctions").describe_execution(executionArn=execution)
        if described["status"] == "FAILED":
            print(described["error"], described["cause"])  # where a test fails, pytest shows why
            return str(described["error"])
        return str(json.loads(described["output"])["outcome"])

    def _archive(self, quarter: str, reports: int) -> Path:
        """Written once: a zip holds the time at which it was made, and so has another digest each time."""
        name = f"faers_ascii_{quarter.lower()}.zip"
        if not (self.folder / name).exists():
            archive = Archive(quarter)
            for case in range(1, reports + 1):
                archive.report(case)
            archive.write(self.folder)
        return self.folder / name

    def _put(self, key: str, body: bytes) -> str:
        aws_client("s3").put_object(Bucket=self.parameters.buckets.raw, Key=key, Body=body)
        return f"s3://{self.parameters.buckets.raw}/{key}"


@contextmanager
def drift_stack(deployment: Deployment) -> Iterator[DriftStack]:
    """A copy of what was deployed. Ana owns the model, Ben reviews and may override nothing."""
    with airflow_stand_in() as airflow:
        airflow.settings(deployment.folder)
        with deployment.fresh() as fresh:
            parameters = fresh.parameters
            _shorten(parameters.state_machines.retrain_on_drift)
            evidence_store(parameters).keep_plan(real_plan())
            add_person(parameters.cognito.user_pool, parameters.tables.people, "ana", "Ana Approver", ROLE)
            add_person(parameters.cognito.user_pool, parameters.tables.people, "ben", "Ben Reviewer")
            yield DriftStack(fresh.server, airflow, parameters, fresh.folder, iter(range(1000)))


def _shorten(machine: str) -> None:
    states = aws_client("stepfunctions")
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    for state in definition["States"].values():
        if state["Type"] == "Wait":
            state["Seconds"] = 0
        for retry in state.get("Retry", []):
            retry |= {"IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": min(2, retry["MaxAttempts"])}
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
