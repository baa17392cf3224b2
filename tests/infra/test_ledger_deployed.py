"""The ledger as it is deployed, with enforced roles: sealed by its function alone, and by nobody changed or removed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployed_stack import STACK, FreshStack
from ledger_fakes import entry, resealed
from local_server import LocalServer, eventually
from role_sessions import allow, role, session

from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.audit_ports import checkpoint_key, ledger_table, stack_ledger
from vigil.aws.checkpoints import key_of
from vigil.aws.environment import StackParameters

pytestmark = pytest.mark.stack

CHAIN = "model:run-1"
FUNCTION = f"vigil-{STACK}-checkpoint-ledger"
VERIFIER = f"vigil-{STACK}-verify-ledger"


@dataclass(frozen=True)
class Deployed:
    server: LocalServer
    parameters: StackParameters

    def seal(self) -> dict[str, Any]:
        return self.invoke(FUNCTION)

    def invoke(self, function: str) -> dict[str, Any]:
        answer = self.server.client("lambda").invoke(FunctionName=function)
        done: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, done
        return done


@pytest.fixture(scope="module")
def deployed(fresh_stack: FreshStack) -> Deployed:
    """Ten records, sealed."""
    made = Deployed(fresh_stack.server, fresh_stack.parameters)
    for number in range(10):
        ledger_table(made.parameters).append(entry(number))
    made.seal()
    return made


@pytest.fixture(scope="module")
def administrator(deployed: Deployed) -> Any:
    """Whose own policy allows everything that is tried here."""
    actions = ["kms:Sign", "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
    actions += ["s3:BypassGovernanceRetention", "kms:GenerateDataKey", "kms:Decrypt"]
    return session(deployed.server, role(deployed.server, "administrator", *(allow(each, "*") for each in actions)))


def denied(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_the_function_has_sealed_it_with_no_more_than_its_role_allows(deployed: Deployed) -> None:
    keys = PublicKeys(checkpoint_key(deployed.parameters))
    report = verify_ledger(stack_ledger(deployed.parameters), keys)
    assert (report.findings, report.unsealed) == ([], 0)
    assert report.records >= 10
    assert report.last_good == report.checkpoints >= 1


def test_nobody_else_signs_with_the_key_of_checkpoints(deployed: Deployed, administrator: Any) -> None:
    request = {
        "KeyId": deployed.parameters.keys.checkpoint, "Message": b"\0" * 32, "MessageType": "DIGEST",
        "SigningAlgorithm": "ECDSA_SHA_256",
    }  # fmt: skip
    assert denied(administrator("kms").sign, **request) == "AccessDeniedException"


def test_no_checkpoint_is_put_over_deleted_or_hidden(deployed: Deployed, administrator: Any) -> None:
    s3, place = administrator("s3"), {"Bucket": deployed.parameters.buckets.audit, "Key": key_of(1)}
    version = s3.get_object(**place)["VersionId"]
    assert denied(s3.put_object, **place, Body=b"{}") == "AccessDenied"
    assert denied(s3.put_object, **place, Body=b"{}", IfNoneMatch="*") == "PreconditionFailed"
    assert denied(s3.delete_object, **place) == "AccessDenied"
    assert denied(s3.delete_object, **place, VersionId=version, BypassGovernanceRetention=True) == "AccessDenied"
    owner = deployed.server.client("s3")  # the lock holds for the account's owner too
    assert denied(owner.delete_object, **place, VersionId=version, BypassGovernanceRetention=True) == "AccessDenied"


def test_nobody_updates_or_deletes_a_record_whatever_a_policy_of_his_own_allows(deployed: Deployed) -> None:
    """By the table's own policy, which no role can lay aside."""
    arn = role(deployed.server, "owner-of-tables", allow(["dynamodb:*", "kms:Decrypt"], "*"))
    dynamodb = session(deployed.server, arn)("dynamodb")
    place = {"chain": {"S": CHAIN}, "sequence": {"N": "3"}}
    request = {"TableName": deployed.parameters.tables.ledger, "Key": place}
    assert "Item" in dynamodb.get_item(**request)
    assert denied(dynamodb.delete_item, **request) == "AccessDeniedException"
    update = {"UpdateExpression": "SET subject = :s", "ExpressionAttributeValues": {":s": {"S": "x"}}}
    assert denied(dynamodb.update_item, **request, **update) == "AccessDeniedException"
    batch = {deployed.parameters.tables.ledger: [{"DeleteRequest": {"Key": place}}]}
    assert denied(dynamodb.batch_write_item, RequestItems=batch) == "AccessDeniedException"


def test_what_does_not_follow_its_checkpoint_raises_the_alarm_and_is_not_sealed(deployed: Deployed) -> None:
    """Last of all: it breaks the ledger of this module. A record can be put over, though not deleted: it is found."""
    table, name = deployed.server.client("dynamodb"), deployed.parameters.tables.ledger

    def put_over(sequence: int) -> None:
        item = table.get_item(TableName=name, Key={"chain": {"S": CHAIN}, "sequence": {"N": str(sequence)}})["Item"]
        text = resealed(item["record"]["S"], subject="never happened")
        table.put_item(TableName=name, Item={**item, "record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}})

    assert deployed.invoke(VERIFIER)["broken"] == []
    put_over(3)
    assert "broken" not in deployed.seal()  # it looks from the last signed head on
    (found,) = deployed.invoke(VERIFIER)["broken"]
    assert (found["kind"], found["chain"], found["sequence"]) == ("altered", CHAIN, 3)
    put_over(10)
    assert deployed.seal()["broken"][0]["kind"] == "rewritten"

    def state() -> bool:
        (alarm,) = deployed.server.client("cloudwatch").describe_alarms(AlarmNames=[f"vigil-{STACK}-ledger"])[
            "MetricAlarms"
        ]
        return bool(alarm["StateValue"] == "ALARM")

    assert eventually(state, within=180)
