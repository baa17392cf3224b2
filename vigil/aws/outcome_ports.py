"""What recording an outcome needs, put together from a stack's parameters."""

from __future__ import annotations

from vigil.aws.clock import server_time
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.model_packages import ModelPackages
from vigil.aws.notifications import Notifications
from vigil.aws.outcomes import OutcomePorts
from vigil.aws.run_records import RunRecords


def outcome_ports(parameters: StackParameters) -> OutcomePorts:
    return OutcomePorts(
        records=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        packages=ModelPackages(aws_client("sagemaker")),
        notifications=Notifications(aws_client("sns"), parameters.topics.notifications),
        clock=server_time,
        ledger=required_ledger(parameters),
        actor=acting_function(),
        serving=ServingRecords(aws_client("dynamodb"), parameters.tables.models),
        endpoint=parameters.sagemaker.endpoint,
        update_endpoint=parameters.state_machines.update_endpoint,
        roll_back=parameters.state_machines.roll_back,
    )
