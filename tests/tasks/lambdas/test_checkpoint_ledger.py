"""The function that seals the ledger, against moto: it signs what continues, and raises the alarm for what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ledger_fakes import entry, resealed
from ledger_world import kms_signs_digests
from moto_stack import MotoStack

from tasks.lambdas import checkpoint_ledger
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.audit_ports import checkpoint_key, ledger_table, stack_ledger
from vigil.aws.checkpoints import key_of
from vigil.aws.sealing import METRIC, SEALED, SUBJECT
from vigil.aws.watchdog import NAMESPACE

CHAIN = "model:run-1"


@pytest.fixture
def ledger(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(checkpoint_ledger, "_newest", 0)
    kms_signs_digests(monkeypatch)
    table = ledger_table(stack.parameters)
    for number in range(4):
        table.append(entry(number))
    return table


def call() -> dict[str, Any]:
    return checkpoint_ledger.handler({}, None)


def tamper(stack: MotoStack, sequence: int) -> None:
    """What somebody with access to the table does."""
    dynamodb, name = stack.client("dynamodb"), stack.parameters.tables.ledger
    key = {"chain": {"S": CHAIN}, "sequence": {"N": str(sequence)}}
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]
    text = resealed(item["record"]["S"], subject="never happened")
    item |= {"record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}}
    dynamodb.put_item(TableName=name, Item=item)


def counted(stack: MotoStack, name: str = METRIC) -> list[float]:
    found = stack.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE, "MetricName": name,
                        "Dimensions": [{"Name": "Stack", "Value": "unit"}],
                    },
                    "Period": 3600, "Stat": "Maximum",
                },
            }
        ],
        StartTime="2020-01-01", EndTime="2100-01-01",
    )  # fmt: skip
    return [value for result in found["MetricDataResults"] for value in result["Values"]]


def test_a_ledger_that_grew_is_sealed_and_what_is_sealed_verifies(stack: MotoStack, ledger: Any) -> None:
    assert [call(), call()] == [{"checkpoint": 1}, {"checkpoint": None}]
    ledger.append(entry(9))
    assert call() == {"checkpoint": 2}
    report = verify_ledger(stack_ledger(stack.parameters), PublicKeys(checkpoint_key(stack.parameters)))
    assert (report.findings, report.checkpoints, report.last_good, report.records) == ([], 2, 2, 5)
    assert (counted(stack), counted(stack, SEALED)) == ([0], [1])


def test_a_chain_that_does_not_follow_is_not_sealed_further_and_told_once(stack: MotoStack, ledger: Any) -> None:
    call()
    tamper(stack, 4)
    ledger.append(entry(9))
    first, second = call(), call()
    assert (first["checkpoint"], second["checkpoint"]) == (2, None)
    assert first["broken"] == second["broken"]
    assert first["broken"][0]["kind"] == "rewritten"
    assert counted(stack) == [1]
    (notice,) = stack.notices()
    assert (notice["subject"], notice["chain"], notice["sequence"]) == (SUBJECT, CHAIN, 4)
    keys = stack.client("s3").list_objects_v2(Bucket=stack.parameters.buckets.audit)["Contents"]
    assert [item["Key"].partition("/")[0] for item in keys] == ["checkpoints", "checkpoints", "findings"]


def test_an_object_planted_among_the_checkpoints_is_told_once_and_does_not_stop_sealing(
    stack: MotoStack, ledger: Any
) -> None:
    call()
    for number in (2, 999_999_999_999):
        stack.client("s3").put_object(Bucket=stack.parameters.buckets.audit, Key=key_of(number), Body=b"{}")
    ledger.append(entry(9))
    done = call()
    assert done["checkpoint"] == 3
    assert 2 in [each["checkpoint"] for each in done["planted"]]
    checkpoint_ledger._newest = 0  # another process, which knows nothing
    ledger.append(entry(10))
    call()
    report = verify_ledger(stack_ledger(stack.parameters), PublicKeys(checkpoint_key(stack.parameters)))
    assert (report.last_good, report.unsealed, report.findings[0].checkpoint) == (4, 0, 2)
    assert [notice["checkpoint"] for notice in stack.notices()] == [2]


def test_the_first_checkpoint_over_a_broken_chain_signs_what_held_and_names_it(stack: MotoStack, ledger: Any) -> None:
    tamper(stack, 2)
    ledger.append(entry(1, "stack"))
    assert [each["sequence"] for each in call()["broken"]] == [2]
    (stored,) = stack_ledger(stack.parameters).checkpoints()
    checkpoint = json.loads(stored.text)
    assert checkpoint["broken"] == [CHAIN]
    assert [(head["chain"], head["sequence"]) for head in checkpoint["heads"]] == [(CHAIN, 1), ("stack", 1)]
    ledger.append(entry(2, "stack"))
    assert call()["checkpoint"] == 2
