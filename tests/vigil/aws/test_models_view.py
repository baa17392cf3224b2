"""The Models page's reader and its way to the function that starts roll-backs."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from model_examples import models, paired
from moto_stack import MotoStack
from pydantic import SecretStr

from vigil.approvals.errors import ApprovalError, AuthenticationError
from vigil.approvals.models import PasswordProof
from vigil.aws.model_versions import VersionSources
from vigil.aws.models_view import FRESH_SECONDS, LambdaRollbacks, ModelsView
from vigil.models.shown_versions import RollbackNotAskedError

ANA = PasswordProof(username="ana", password=SecretStr("a-secret"))


class Invoked:
    """A Lambda client whose function answers ``document``."""

    def __init__(self, document: Any, **more: Any) -> None:
        self.document, self.more, self.payloads = document, more, list[dict[str, Any]]()

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.payloads.append(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(self.document).encode()), **self.more}


def sources(stack: MotoStack) -> VersionSources:
    return VersionSources(
        dynamodb=stack.client("dynamodb"),
        sagemaker=stack.client("sagemaker"),
        table=stack.parameters.tables.models,
        group=stack.parameters.sagemaker.model_package_group,
        endpoint=stack.parameters.sagemaker.endpoint,
        requests=list,
    )


def record(stack: MotoStack, arn: str, **fields: str) -> None:
    item = {name: {"S": value} for name, value in {"model_package_arn": arn, **fields}.items()}
    stack.client("dynamodb").put_item(TableName=stack.parameters.tables.models, Item=item)


def test_versions_come_with_how_they_did_against_what_served(stack: MotoStack) -> None:
    first, second = stack.package("Approved"), stack.package("Approved")
    document = paired(2, 0.009).model_dump(mode="json") | {"comparison_digest": "of others"}
    record(stack, first, status="RETIRED")
    record(stack, second, status="ACTIVE", paired_test=json.dumps(document), shadow="{}")
    time = [0.0]
    view = ModelsView(sources(stack), lambda: time[0])
    newest, oldest = view.read().versions
    assert newest.paired is not None and newest.paired.difference.auroc.value == 0.009
    assert newest.problems == ("what is recorded of its shadow period cannot be read",)
    assert (oldest.paired, oldest.problems) == (None, ())
    record(stack, second, status="ACTIVE")
    assert view.read().versions[0].paired is not None
    time[0] = FRESH_SECONDS
    assert view.read().versions[0].paired is None


def test_asking_for_a_roll_back_and_why_it_was_not(stack: MotoStack) -> None:
    arn = models().versions[3].version.model_package_arn
    answer = {"execution_arn": "arn", "model_package_arn": arn, "replaces_package": "b", "requested_by": "ana"}
    client = Invoked({"ok": answer | {"is_new": True}})
    assert LambdaRollbacks(stack.parameters, client).ask(arn, "calibration is lost", ANA, "ana")
    proof = {"kind": "password", "username": "ana", "password": "a-secret"}
    asked = {"model": arn, "reason": "calibration is lost", "proof": proof, "expected_signer": "ana"}
    assert client.payloads == [asked]
    for failing, refused, said in (
        (refusing("RollbackRefusedError", "it serves already"), True, "it serves already"),
        (Invoked({"errorType": "KeyError"}, FunctionError="Unhandled"), False, "KeyError"),
    ):
        with pytest.raises(RollbackNotAskedError, match=said) as told:
            LambdaRollbacks(stack.parameters, failing).ask("arn:x", "why", ANA, "ana")
        assert told.value.refused == refused


@pytest.mark.parametrize(
    ("name", "kind"), [("AuthenticationError", AuthenticationError), ("OfALaterRelease", ApprovalError)]
)
def test_that_the_asker_was_not_proven_is_told_as_what_it_is(
    stack: MotoStack, name: str, kind: type[ApprovalError]
) -> None:
    with pytest.raises(kind, match="so it is") as told:
        LambdaRollbacks(stack.parameters, refusing(name, "so it is")).ask("arn:x", "why", ANA, "ana")
    assert type(told.value) is kind


def refusing(name: str, message: str) -> Invoked:
    return Invoked({"refused": {"error": name, "message": message}})
