"""The ports of approvals on AWS, put together from a stack's parameters."""

from __future__ import annotations

from datetime import UTC, datetime

from vigil.approvals.ports import DecidingPorts, DeliveryPorts, VerificationPorts
from vigil.aws.approvals_table import ApprovalsTable
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.executions import Executions
from vigil.aws.run_records import RunRecords
from vigil.aws.sign_in import CognitoSignIn
from vigil.aws.signing import KmsSigner
from vigil.aws.token_vault import KmsTokenVault


def server_time() -> datetime:
    """The time of this machine, never one that a client sends (21 CFR 11.10(e))."""
    return datetime.now(UTC)


def approvals_table(parameters: StackParameters) -> ApprovalsTable:
    return ApprovalsTable(aws_client("dynamodb"), parameters.tables.approvals)


def evidence_store(parameters: StackParameters) -> EvidenceStore:
    return EvidenceStore(parameters.buckets.models, aws_client("s3"))


def signer(parameters: StackParameters) -> KmsSigner:
    return KmsSigner(aws_client("kms"), parameters.keys.signing)


def token_vault(parameters: StackParameters) -> KmsTokenVault:
    return KmsTokenVault(aws_client("kms"), parameters.keys.data)


def executions() -> Executions:
    return Executions(aws_client("stepfunctions"))


def deciding_ports(parameters: StackParameters) -> DecidingPorts:
    return DecidingPorts(
        store=approvals_table(parameters),
        authenticator=CognitoSignIn(aws_client("cognito-idp"), parameters.cognito.user_pool, parameters.cognito.client),
        signer=signer(parameters),
        evidence=evidence_store(parameters),
        clock=server_time,
    )


def delivery_ports(parameters: StackParameters) -> DeliveryPorts:
    return DeliveryPorts(
        store=approvals_table(parameters),
        signer=signer(parameters),
        vault=token_vault(parameters),
        runs=executions(),
        clock=server_time,
    )


def verification_ports(parameters: StackParameters) -> VerificationPorts:
    return VerificationPorts(
        store=approvals_table(parameters),
        signer=signer(parameters),
        evidence=evidence_store(parameters),
        pins=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        clock=server_time,
    )
