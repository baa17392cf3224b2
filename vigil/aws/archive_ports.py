"""What archiving histories needs, on AWS."""

from __future__ import annotations

from vigil.aws.clock import server_time
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.history_archive import ArchivePorts
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.run_records import RunRecords


def archive_ports(parameters: StackParameters) -> ArchivePorts:
    machines = parameters.state_machines
    models = ServingRecords(aws_client("dynamodb"), parameters.tables.models)
    return ArchivePorts(
        states=aws_client("stepfunctions"),
        s3=aws_client("s3"),
        bucket=parameters.buckets.audit,
        machines=tuple(machines.model_dump().values()),
        drift_machine=machines.retrain_on_drift,
        serving=lambda: models.serving(parameters.sagemaker.endpoint).get("run_key") or None,
        records=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        ledger=required_ledger(parameters),
        actor=acting_function(),
        clock=server_time,
    )
