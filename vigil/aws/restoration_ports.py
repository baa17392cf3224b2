"""What putting an endpoint back needs, put together from a stack's parameters."""

from __future__ import annotations

from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.endpoint_restoration import RestorationPorts
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.executions import Executions
from vigil.aws.outcomes import OutcomePorts


def restoration_ports(parameters: StackParameters, executions: Executions, outcomes: OutcomePorts) -> RestorationPorts:
    return RestorationPorts(
        state_machine=parameters.state_machines.update_endpoint,
        endpoint=parameters.sagemaker.endpoint,
        executions=executions,
        serving=ServingRecords(aws_client("dynamodb"), parameters.tables.models),
        sagemaker=aws_client("sagemaker"),
        outcomes=outcomes,
    )
