"""What putting an endpoint back needs, put together from a stack's parameters."""

from __future__ import annotations

from functools import partial

from vigil.aws.approval_ports import approvals_table
from vigil.aws.approvals_table import ApprovalsTable
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
        has_claimed=partial(_has_claimed, approvals_table(parameters)),
    )


def _has_claimed(approvals: ApprovalsTable, arn: str) -> bool:
    """An update is named by its approval request. One that names none that is known is taken to be at work."""
    request = approvals.get(arn.rpartition(":")[2])
    return request is None or request.applied_by == arn
