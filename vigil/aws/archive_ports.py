"""What archiving histories needs, on AWS."""

from __future__ import annotations

from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.history_archive import ArchivePorts
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.run_records import RunRecords


def archive_ports(parameters: StackParameters) -> ArchivePorts:
    machines = parameters.state_machines
    return ArchivePorts(
        states=aws_client("stepfunctions"),
        s3=aws_client("s3"),
        bucket=parameters.buckets.audit,
        machines=(machines.train_and_promote, machines.roll_back, machines.update_endpoint),
        records=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        ledger=required_ledger(parameters),
        actor=acting_function(),
        clock=server_time,
    )
