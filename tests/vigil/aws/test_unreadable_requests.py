"""One malformed row of the approvals table: it is named, without what is in it, and stands in nobody's way."""

import json

import pytest
from approval_bench import Bench, on_tables
from approval_fakes import EXECUTION, TOKEN
from pydantic import ValidationError

from vigil.approvals.deliver import Delivery, sweep
from vigil.approvals.errors import UnreadableRequestError
from vigil.approvals.models import PasswordProof, Status, WaitMessage
from vigil.approvals.requests import all_requests
from vigil.cases.models import CaseReport
from vigil.scoring.models import ScoreRequest

SECRET = "what somebody wrote"


@pytest.fixture
def bench(stack):
    return on_tables(Bench.make(), stack.client("dynamodb"), stack.parameters.tables)


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
def test_a_decided_request_beside_a_bad_row_is_delivered(bench, bad, status, stack, caplog):
    request = bench.open()
    stack.flip(bad, status)
    bench.approve(bench.review(request))
    assert sweep(bench.delivery) == {request.request_id: Delivery.DELIVERED.value}
    assert bad in caplog.text
    assert SECRET not in caplog.text


def test_the_list_works_and_warns(bench, bad, caplog):
    request = bench.open()
    assert all_requests(bench.store) == [request]
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
