"""A stack inside moto, in this process: what the adapters and the functions need, with the names in its parameters."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from approval_fakes import PASSWORD
from candidate_evidence import facts_for, passing_evaluation, real_plan
from kept_backends import KeptBackends
from ledger_world import create_table
from moto import mock_aws
from moto_people import MotoKeys, add_people, strong
from pydantic import SecretStr

from local_aws.moto_speed import quicken
from vigil.approvals.desk import SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, PasswordProof
from vigil.approvals.prepare import prepare
from vigil.approvals.sign import sign
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.aws.approval_ports import approvals_table, ledger_table, signing_ports
from vigil.aws.artefacts import artefact_uri
from vigil.aws.environment import StackParameters, aws_client, load_parameters
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.objects import S3Uri
from vigil.aws.release_ledger import released_key
from vigil.change_control.models import Plan
from vigil.datasets.manifest import Manifest, ManifestEntry
from vigil.digests import digest_of, sha256_hex
from vigil.models.models import Evaluation

__all__ = ["MotoStack", "moto_stack", "strong"]

STACK = "unit"
TABLES = ("approvals", "runs", "models", "ledger", "people", "monitoring")
BUCKETS = ("raw", "datasets", "models", "code", "capture", "audit")
GROUP = "vigil-unit-triage"
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/vigil-ml@sha256:{'0a' * 32}"
_make_client = boto3.client
_CLIENTS: dict[str, Any] = {}
SERVICES = ("s3", "dynamodb", "kms", "sns", "sqs", "sagemaker", "stepfunctions", "ssm")
_KEPT: list[tuple[KeptBackends, str]] = []
MODEL_FILES = {"model.json": b'{"format":"invented"}', "members/member_00.ubj": b"\x00\x01"}


@dataclass
class MotoStack:
    parameters: StackParameters
    inbox: str

    def client(self, service: str) -> Any:
        return aws_client(service)

    @property
    def evidence(self) -> EvidenceStore:
        return EvidenceStore(self.parameters.buckets.models, self.client("s3"))

    def notices(self) -> list[dict[str, Any]]:
        """What has come to the notifications topic since the last look."""
        answer = self.client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
        envelopes = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [json.loads(envelope["Message"]) | {"subject": envelope["Subject"]} for envelope in envelopes]

    def put(self, uri: str | S3Uri, content: bytes) -> str:
        place = uri if isinstance(uri, S3Uri) else S3Uri.parse(uri)
        self.client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=content)
        return str(place)

    def release_dataset(self) -> str:
        """A dataset version's manifest at its place; the version."""
        manifest = Manifest(files=(ManifestEntry(path="cases.parquet", size=3, sha256=sha256_hex(b"abc")),))
        place = f"s3://{self.parameters.buckets.datasets}/datasets/faers/{manifest.version}/manifest.json"
        self.put(place, manifest.to_bytes())
        return manifest.version

    def recorded_dataset(self) -> str:
        """Such a version, whose release is in the ledger."""
        version = self.release_dataset()
        actor = Actor(name="airflow:dana", via="Airflow's login", verified=False)
        entry = {"chain": STACK_CHAIN, "event": EventName.DATASET_RELEASED, "key": released_key(version)}
        ledger_table(self.parameters).append(Entry(**entry, actor=actor, subject=f"dataset faers {version}"))
        return version

    def candidate(self, **changes: Any) -> tuple[Plan, Evaluation, Facts]:
        """Evidence of a good candidate in the buckets, and its facts."""
        plan, digest = real_plan(), tree_digest_of(MODEL_FILES)
        evaluation = passing_evaluation(plan, artefact_digest=digest, **changes)
        self.evidence.keep_plan(plan)
        uri = self.put(artefact_uri(self.parameters.buckets.models, digest), archive_of(MODEL_FILES))
        kept = self.evidence.keep_evaluation(evaluation)
        return plan, evaluation, facts_for(evaluation, plan, artefact_uri=uri, evaluation_uri=str(kept))

    def add_people(self) -> None:
        """A user pool and its people: Ana may sign; Ben reviews; Olga has no role."""
        pool, client = add_people(self.parameters.tables.people)
        _name({"cognito/user-pool": pool, "cognito/client": client})
        self.parameters = load_parameters()

    def sign(self, request_id: str, meaning: Meaning, user: str, comment: str = "") -> SigningResult:
        """As the desk signs, with a real sign-in at the pool."""
        ports = signing_ports(self.parameters)
        challenge = prepare(SigningOrder(request_id=request_id, meaning=meaning, comment=comment), ports)
        proof = PasswordProof(username=user, password=SecretStr(strong(PASSWORD)))
        return sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof), ports)

    def approve(self, request_id: str) -> ApprovalRequest:
        """Both signatures of the plan."""
        self.sign(request_id, Meaning.REVIEWED, "ben")
        self.sign(request_id, Meaning.APPROVED, "ana")
        found = approvals_table(self.parameters).get(request_id)
        assert found is not None
        return found

    def flip(self, request_id: str, status: str) -> None:
        """What an attacker with write access to the table can do."""
        self.client("dynamodb").update_item(
            TableName=self.parameters.tables.approvals,
            Key={"request_id": {"S": request_id}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )

    def package(self, status: str = "PendingManualApproval") -> str:
        answer = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=GROUP, ModelApprovalStatus=status, ModelPackageDescription="invented"
        )
        return str(answer["ModelPackageArn"])

    def serve(self, config: str) -> None:
        """The stack's endpoint, in service with a configuration of this name."""
        sagemaker = self.client("sagemaker")
        role = self.parameters.sagemaker.role
        sagemaker.create_model(ModelName=config, ExecutionRoleArn=role, PrimaryContainer={"Image": "image"})
        variant = {"VariantName": "champion", "ModelName": config, "InstanceType": "ml.m5.large"}
        variant |= {"InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=self.parameters.sagemaker.endpoint, EndpointConfigName=config)

    def package_status(self, arn: str) -> str:
        return str(self.client("sagemaker").describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"])


def archive_of(files: dict[str, bytes]) -> bytes:
    """A ``model.tar.gz`` as SageMaker makes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tree_digest_of(files: dict[str, bytes]) -> str:
    return digest_of([[name, sha256_hex(files[name])] for name in sorted(files)])


def _kept_client(service: str, **options: Any) -> Any:
    """Making a client costs more than a whole test; one that was made under moto works in every later mock."""
    if service not in _CLIENTS:
        _CLIENTS[service] = _make_client(service, **options)
    return _CLIENTS[service]


@contextmanager
def moto_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    for name, value in {
        "VIGIL_STACK": STACK, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(boto3, "client", _kept_client)
    monkeypatch.setattr("vigil.aws.authentication_ports._keys", MotoKeys)
    aws_client.cache_clear()
    quicken()
    with mock_aws():
        inbox = _made_anew()
        yield MotoStack(load_parameters(), inbox)
    aws_client.cache_clear()


def _made_anew() -> str:
    """The stack as ``_create`` makes it: made so once in a process, then put back. Gives the inbox's address."""
    if _KEPT:
        kept, inbox = _KEPT[0]
        kept.put_back()
        return inbox
    names, inbox = _create()
    _name(names)
    _KEPT.append((KeptBackends(SERVICES), inbox))
    return inbox


def _create() -> tuple[dict[str, str], str]:
    names = {f"buckets/{bucket}": f"vigil-{STACK}-{bucket}" for bucket in BUCKETS}
    for bucket in BUCKETS:
        aws_client("s3").create_bucket(Bucket=f"vigil-{STACK}-{bucket}")
    create_tables()
    names |= {f"tables/{table}": f"vigil-{STACK}-{table}" for table in TABLES}
    kms, sns, sqs = aws_client("kms"), aws_client("sns"), aws_client("sqs")
    names["keys/signing"] = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    names["keys/checkpoint"] = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    names["keys/data"] = kms.create_key()["KeyMetadata"]["Arn"]
    names["topics/notifications"] = sns.create_topic(Name=f"vigil-{STACK}-notifications")["TopicArn"]
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=names["topics/notifications"], Protocol="sqs", Endpoint=arn)
    for queue in ("train-model", "training-results"):
        names[f"queues/{queue}"] = sqs.create_queue(QueueName=f"vigil-{STACK}-{queue}")["QueueUrl"]
    aws_client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    aws_client("stepfunctions").create_state_machine(
        name=f"vigil-{STACK}-update-endpoint",
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/update-endpoint",
    )
    machines = "arn:aws:states:us-east-1:123456789012:stateMachine:"
    names |= {
        "state-machines/train-and-promote": f"{machines}vigil-{STACK}-train-and-promote",
        "state-machines/update-endpoint": f"{machines}vigil-{STACK}-update-endpoint",
        "signing/issuer": "none", "signing/audience": "none", "signing/jwks-uri": "none",
        "signing/required-acr": "none",
        "functions/approval-desk": "approval-desk",
        "functions/manage-people": "manage-people", "functions/choose-password": "choose-password",
        "cognito/user-pool": "none-yet", "cognito/client": "none-yet", "glue/curate-job": "curate",
        "glue/database": "vigil_unit",
        "sagemaker/role": "arn:aws:iam::123456789012:role/sagemaker",
        "sagemaker/monitor-role": "arn:aws:iam::123456789012:role/monitor",
        "sagemaker/image": IMAGE, "sagemaker/endpoint": "triage",
        "sagemaker/model-package-group": GROUP, "sagemaker/instance-type": "ml.m5.large", "dvc/registry-secret": "dvc",
        "code/revision": "revision-1", "code/plan-changed-by": "Paula <paula@example.org>",
        "state-machines/roll-back": f"{machines}vigil-{STACK}-roll-back",
        "state-machines/retrain-on-drift": f"{machines}vigil-{STACK}-retrain-on-drift",
        "timing/approval-timeout-seconds": "3600",
        "timing/shadow-seconds": "60", "timing/canary-bake-seconds": "60",
        "functions/start-monitor": "start-monitor", "functions/override-drift": "override-drift",
        "functions/request-rollback": "request-rollback",
        "airflow/environment": "airflow", "monitoring/home": "scheduler", "monitoring/schedule": "cron(0 5 ? * * *)",
        "functions/record-release": "record-release",
        "airflow/url": "https://airflow.example.org", "people/mail-sender": "vigil@example.org",
        "people/airflow-signers": "same-names",
    }  # fmt: skip
    return names, inbox


def _name(names: dict[str, str]) -> None:
    for name, value in names.items():
        aws_client("ssm").put_parameter(Name=f"/vigil/{STACK}/{name}", Value=value, Type="String", Overwrite=True)


def create_tables() -> None:
    keys = {"approvals": "request_id", "runs": "execution_arn", "models": "model_package_arn", "people": "username"}
    for table, key in keys.items():
        attributes, more = [{"AttributeName": key, "AttributeType": "S"}], {}
        if table == "approvals":
            attributes.append({"AttributeName": "status", "AttributeType": "S"})
            index = {"IndexName": "by_status", "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}]}
            more = {"GlobalSecondaryIndexes": [index | {"Projection": {"ProjectionType": "ALL"}}]}
        aws_client("dynamodb").create_table(
            TableName=f"vigil-{STACK}-{table}",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=attributes,
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
    create_table(aws_client("dynamodb"), f"vigil-{STACK}-ledger")
    aws_client("dynamodb").create_table(
        TableName=f"vigil-{STACK}-monitoring",
        KeySchema=[{"AttributeName": "endpoint", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("endpoint", "item")],
        BillingMode="PAY_PER_REQUEST",
    )


def example(name: str) -> dict[str, Any]:
    """An event as AWS documents it; each file names its page."""
    folder = Path(__file__).resolve().parents[1] / "tasks" / "lambdas" / "events"
    document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document["event"]
