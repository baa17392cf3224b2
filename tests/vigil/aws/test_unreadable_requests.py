"""One malformed row of the approvals table: it is named, without what is in it, and stands in nobody's way."""

import json

import pytest
from approval_fakes import EXECUTION, TOKEN, Bench, proof_of
from pydantic import ValidationError
from typer.testing import CliRunner
from vigil.approvals.decide import DecisionOrder, decide

from vigil.approvals.deliver import Delivery, sweep
from vigil.approvals.errors import UnreadableRequestError
from vigil.approvals.models import Decision, PasswordProof, Status, WaitMessage
from vigil.aws.approvals_table import ApprovalsTable
from vigil.cases.models import CaseReport
from vigil.cli.approvals import app
from vigil.scoring.models import ScoreRequest

SECRET = "what somebody wrote"


@pytest.fixture
def bench(stack):
    made = Bench.make()
    made.store = ApprovalsTable(stack.client("dynamodb"), stack.parameters.tables.approvals)
    return made


@pytest.fixture(params=["not JSON: " + SECRET, json.dumps(SECRET), json.dumps({"model_package_arn": [SECRET]})])
def bad(bench, stack, request):
    """The id of a row whose facts are no facts."""
    row = bench.open(execution=EXECUTION + "-bad", token=TOKEN + "bad")
    stack.client("dynamodb").update_item(
        TableName=stack.parameters.tables.approvals,
        Key={"request_id": {"S": row.request_id}},
        UpdateExpression="SET facts = :facts",
        ExpressionAttributeValues={":facts": {"S": request.param}},
    )
    return row.request_id


@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED])
def test_a_decided_request_beside_a_bad_row_is_delivered(bench, bad, status, caplog):
    request = bench.open()
    bench.store.move(bad, Status.PENDING, status, "for the test")
    decide(DecisionOrder(request.request_id, Decision.APPROVED), proof_of("ana"), bench.deciding)
    assert sweep(bench.delivery) == {request.request_id: Delivery.DELIVERED.value}
    assert bad in caplog.text
    assert SECRET not in caplog.text


def test_the_list_works_and_warns(bench, bad, caplog):
    request = bench.open()
    result = CliRunner().invoke(app, ["list", "--json"])
    assert (result.exit_code, [row["request_id"] for row in json.loads(result.stdout)]) == (0, [request.request_id])
    assert f"approval request {bad} cannot be read" in caplog.text
    assert SECRET not in caplog.text


def test_showing_the_bad_row_says_which_field_and_not_what_is_in_it(bench, bad):
    with pytest.raises(UnreadableRequestError, match="facts") as caught:
        bench.store.get(bad)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (WaitMessage, {"task_token": [SECRET], "attempt": SECRET}),
        (PasswordProof, {"username": SECRET * 20, "password": [SECRET]}),
        (ScoreRequest, {"cases": [{"case_id": [SECRET], "reactions": SECRET}]}),
        (CaseReport, {"case_id": [SECRET], "reactions": SECRET, "drugs": [[SECRET]]}),
    ],
)
def test_no_error_of_a_model_repeats_what_was_given(model, fields):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    assert SECRET not in str(caught.value)
