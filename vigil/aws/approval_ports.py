"""The ports of approvals on AWS, put together from a stack's parameters."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from vigil.approvals.authentication import AuthenticationPorts, Signer, authenticate
from vigil.approvals.desk import Challenge
from vigil.approvals.models import Proof
from vigil.approvals.ports import DeliveryPorts, OpeningPorts, ProvenSigner, SigningPorts, VerificationPorts
from vigil.approvals.sessions import Session, begin_session
from vigil.aws.approvals_table import ApprovalsTable
from vigil.aws.audit_ports import ledger_table
from vigil.aws.authentication_ports import authentication_ports, counted_ledger
from vigil.aws.clock import server_time
from vigil.aws.endpoint_record import EndpointRecord
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.people_table import PeopleTable
from vigil.aws.run_records import RunRecords
from vigil.aws.served_models import recorded_models
from vigil.aws.signing import KmsSigner
from vigil.aws.token_vault import KmsTokenVault

ID_BYTES = 16  # of chance, in the ids of challenges: nobody guesses one


@dataclass(frozen=True)
class StackSignIns:
    """``SignIns`` with the providers of a stack."""

    ports: AuthenticationPorts

    def authenticate(
        self, proof: Proof, challenge: Challenge, continuous_seconds: int, expected_signer: str | None
    ) -> Signer:
        return authenticate(proof, challenge, self.ports, continuous_seconds, expected_signer)

    def begin_session(self, signer: ProvenSigner, continuous_seconds: int) -> Session | None:
        return begin_session(signer, self.ports, continuous_seconds) if isinstance(signer, Signer) else None


def approvals_table(parameters: StackParameters) -> ApprovalsTable:
    tables = parameters.tables
    return ApprovalsTable(aws_client("dynamodb"), tables.approvals, ledger_table(parameters), tables.people)


def evidence_store(parameters: StackParameters) -> EvidenceStore:
    return EvidenceStore(parameters.buckets.models, aws_client("s3"))


def signer(parameters: StackParameters) -> KmsSigner:
    return KmsSigner(aws_client("kms"), parameters.keys.signing)


def token_vault(parameters: StackParameters) -> KmsTokenVault:
    return KmsTokenVault(aws_client("kms"), parameters.keys.data)


def endpoint_record(parameters: StackParameters) -> EndpointRecord:
    records = ServingRecords(aws_client("dynamodb"), parameters.tables.models)
    return EndpointRecord(records, parameters.sagemaker.endpoint)


def executions() -> Executions:
    return Executions(aws_client("stepfunctions"))


def opening_ports(parameters: StackParameters) -> OpeningPorts:
    return OpeningPorts(
        store=approvals_table(parameters),
        ledger=ledger_table(parameters),
        vault=token_vault(parameters),
        signer=signer(parameters),
        evidence=evidence_store(parameters),
        serving=endpoint_record(parameters),
        clock=server_time,
    )


def signing_ports(parameters: StackParameters) -> SigningPorts:
    """For the desk only: nobody else may use the signing key or try a password."""
    table = approvals_table(parameters)
    return SigningPorts(
        store=table,
        challenges=table,
        ledger=counted_ledger(parameters),
        sign_ins=StackSignIns(authentication_ports(parameters)),
        people=PeopleTable(aws_client("dynamodb"), parameters.tables.people),
        signer=signer(parameters),
        evidence=evidence_store(parameters),
        serving=endpoint_record(parameters),
        clock=server_time,
        new_id=lambda: secrets.token_hex(ID_BYTES),
    )


def delivery_ports(parameters: StackParameters) -> DeliveryPorts:
    return DeliveryPorts(
        store=approvals_table(parameters),
        signer=signer(parameters),
        vault=token_vault(parameters),
        evidence=evidence_store(parameters),
        runs=executions(),
        clock=server_time,
    )


def verification_ports(parameters: StackParameters) -> VerificationPorts:
    return VerificationPorts(
        store=approvals_table(parameters),
        ledger=required_ledger(parameters),
        signer=signer(parameters),
        evidence=evidence_store(parameters),
        pins=RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        models=recorded_models(parameters),
        clock=server_time,
    )
