"""What rolling a model out needs from AWS, put together from a stack's parameters."""

from __future__ import annotations

from vigil.aws import monitoring_places
from vigil.aws.challenger import ComparePorts
from vigil.aws.clock import server_time
from vigil.aws.deployment_waits import DeploymentWaits, WaitPorts
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.shadow_evidence import ShadowPlaces
from vigil.aws.token_vault import KmsTokenVault

#: The name in the encryption context of these tokens: no policy lets another function read them.
WAIT_ID = "wait_id"


def serving_records(parameters: StackParameters) -> ServingRecords:
    return ServingRecords(aws_client("dynamodb"), parameters.tables.models)


def wait_ports(parameters: StackParameters) -> WaitPorts:
    return WaitPorts(
        waits=DeploymentWaits(aws_client("dynamodb"), parameters.tables.monitoring),
        vault=KmsTokenVault(aws_client("kms"), parameters.keys.data, WAIT_ID),
        runs=Executions(aws_client("stepfunctions")),
        sagemaker=aws_client("sagemaker"),
        clock=server_time,
    )


def compare_ports(parameters: StackParameters) -> ComparePorts:
    endpoint = parameters.sagemaker.endpoint
    return ComparePorts(
        evidence=EvidenceStore(parameters.buckets.models, aws_client("s3")),
        models=serving_records(parameters),
        ledger=required_ledger(parameters),
        actor=acting_function(),
        clock=server_time,
        places=ShadowPlaces(
            endpoint=endpoint,
            captured=monitoring_places.captured(parameters) / f"{endpoint}/",
            labels=monitoring_places.ground_truth(parameters, endpoint),
        ),
        s3=aws_client("s3"),
        cloudwatch=aws_client("cloudwatch"),
    )
