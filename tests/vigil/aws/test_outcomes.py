import json

import pytest
from approval_fakes import EXECUTION, TOKEN
from ledger_reading import events, records

from vigil.audit.models import model_chain
from vigil.aws.outcome_ports import outcome_ports
from vigil.aws.outcomes import OutcomeEvent, readable_reason, record_outcome
from vigil.aws.pinning import run_key


@pytest.fixture
def ports(stack):
    return outcome_ports(stack.parameters)


def ended(outcome, cause="because", **fields):
    return OutcomeEvent(execution_arn=EXECUTION, outcome=outcome, cause=cause, **fields)


def test_a_failure_is_recorded_its_package_rejected_and_people_told(stack, ports):
    package = stack.package()
    run = {"requested_by": "airflow:dana", "dataset_version": "d" * 64}
    result = record_outcome(ended("Rejected", "too few", candidate={"model_package_arn": package}, run=run), ports)
    assert result.reason == "too few"
    record = ports.records.get(EXECUTION)
    assert (record["outcome"], record["reason"]) == ("Rejected", "too few")
    assert stack.package_status(package) == "Rejected"
    (notice,) = stack.notices()
    assert notice["subject"] == "Vigil: Rejected"
    assert (notice["reason"], notice["requested_by"], notice["model_package_arn"]) == (
        "too few",
        "airflow:dana",
        package,
    )


def test_a_retry_records_and_notifies_once(stack, ports):
    record_outcome(ended("Expired"), ports)
    record_outcome(ended("Expired"), ports)
    assert len(stack.notices()) == 1


def test_a_success_leaves_the_package_approved(stack, ports):
    package = stack.package("Approved")
    result = record_outcome(ended("InService", "", candidate={"model_package_arn": package}), ports)
    assert (result.reason, stack.package_status(package)) == ("", "Approved")


def test_a_package_in_service_is_not_rejected_because_its_record_failed(stack, ports):
    package = stack.package("Approved")
    record_outcome(ended("InternalFailure", candidate={"model_package_arn": package}), ports)
    assert stack.package_status(package) == "Approved"


def test_a_package_that_was_rolled_back_is_rejected_although_it_was_approved(stack, ports):
    package = stack.package("Approved")
    record_outcome(ended("EndpointRolledBack", candidate={"model_package_arn": package}), ports)
    assert stack.package_status(package) == "Rejected"


def test_an_update_that_was_rolled_back_names_what_had_come_into_service_and_what_serves_again(stack, ports):
    arn, package = f"{ports.update_endpoint.replace(':stateMachine:', ':execution:')}:apr-1", stack.package("Approved")
    candidate = {"model_package_arn": package, "run_key": "0123456789ab"}
    record_outcome(OutcomeEvent(execution_arn=arn, outcome="EndpointRolledBack", candidate=candidate), ports)
    restored, _ = records(stack, model_chain("0123456789ab"))
    assert (restored.event, restored.old) == ("endpoint.restored", {"active_package": package})


def test_the_first_outcome_of_an_end_stands(ports):
    record_outcome(ended("Rejected"), ports)
    record_outcome(ended("InternalFailure"), ports)
    assert ports.records.get(EXECUTION)["outcome"] == "Rejected"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("plain words", "plain words"),
        # DescribeTrainingJob's answer, as .sync gives it
        (json.dumps({"TrainingJobName": "t", "FailureReason": "AlgorithmError: no rows"}), "AlgorithmError: no rows"),
        # a function's error, as lambda:invoke gives it
        (
            json.dumps({"errorMessage": "no such dataset", "errorType": "RequestError", "stackTrace": []}),
            "no such dataset",
        ),
        # DescribeExecution's answer, as states:startExecution.sync:2 gives it, with a function's error inside
        (json.dumps({"Status": "FAILED", "Error": "X", "Cause": json.dumps({"errorMessage": "inner"})}), "inner"),
        ('{"FailureReason": "cut off in the mid', '{"FailureReason": "cut off in the mid'),
        (json.dumps({"unknown": "shape"}), json.dumps({"unknown": "shape"})),
    ],
)
def test_the_innermost_reason_is_what_people_read(cause, reason):
    assert readable_reason(cause) == reason


def test_no_token_is_in_a_reason():
    assert TOKEN not in readable_reason(json.dumps({"errorMessage": f"could not send {TOKEN}"}))


def test_each_end_of_a_redriven_run_is_recorded_and_told_and_an_earlier_one_never_afterwards(stack, ports):
    package = stack.package("Approved")
    record_outcome(ended("Stopped", "by hand"), ports)
    record_outcome(ended("InService", "", candidate={"model_package_arn": package}, redrives=1), ports)
    record_outcome(ended("Expired", redrives=1), ports)
    record_outcome(ended("Stopped", "by hand"), ports)
    record = ports.records.get(EXECUTION)
    assert (record["outcome"], record["redrives"]) == ("InService", "1")
    assert sorted(notice["outcome"] for notice in stack.notices()) == ["InService", "Stopped"]
    assert events(stack, model_chain(run_key(EXECUTION))) == ["run.ended", "run.ended"]


def test_a_run_that_was_recorded_before_redrives_were_counted_may_end_again(stack, ports):
    key = {"execution_arn": {"S": EXECUTION}}
    item = key | {"outcome": {"S": "Stopped"}}
    stack.client("dynamodb").put_item(TableName=stack.parameters.tables.runs, Item=item)
    record_outcome(ended("Expired"), ports)
    assert ports.records.get(EXECUTION)["outcome"] == "Stopped"
    record_outcome(ended("Expired", redrives=1), ports)
    assert ports.records.get(EXECUTION)["outcome"] == "Expired"
