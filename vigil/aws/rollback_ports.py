"""What roll-backs need on AWS, put together from a stack's parameters."""

from __future__ import annotations

from vigil.aws.approval_ports import evidence_store, executions
from vigil.aws.authentication_ports import authentication_ports
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.rollback_pinning import RollbackPorts
from vigil.aws.rollback_request import RequestPorts
from vigil.aws.rollback_target import TargetPorts
from vigil.aws.run_records import RunRecords
from vigil.aws.served_models import recorded_models
from vigil.change_control.models import Plan


def target_ports(parameters: StackParameters) -> TargetPorts:
    return TargetPorts(
        sagemaker=aws_client("sagemaker"),
        group=parameters.sagemaker.model_package_group,
        ledger=required_ledger(parameters),
        models=recorded_models(parameters),
    )


def rollback_ports(parameters: StackParameters, in_force: Plan) -> RollbackPorts:
    return RollbackPorts(
        target=target_ports(parameters),
        serving=recorded_models(parameters).serving(),
        evidence=evidence_store(parameters),
        records=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        in_force=in_force,
        longest_wait_seconds=parameters.timing.approval_timeout_seconds,
    )


def request_ports(parameters: StackParameters, in_force: Plan) -> RequestPorts:
    return RequestPorts(
        target=target_ports(parameters),
        serving=recorded_models(parameters).serving(),
        machine=parameters.state_machines.roll_back,
        executions=executions(),
        rules=in_force.protocol.approval,
        authentication=authentication_ports(parameters),
    )
