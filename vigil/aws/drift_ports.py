"""The ports of drift on AWS, put together from a stack's parameters."""

from __future__ import annotations

from vigil.aws.airflow_rest import MwaaAirflow, mwaa_client
from vigil.aws.authentication_ports import authentication_ports
from vigil.aws.clock import server_time
from vigil.aws.drift_assessment import AssessmentPorts
from vigil.aws.drift_failures import FailurePorts
from vigil.aws.drift_override import OverridePorts
from vigil.aws.drift_records import DriftRecords
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.notifications import Notifications
from vigil.aws.retraining_progress import RetrainingProgress
from vigil.aws.retraining_request import AskPorts
from vigil.aws.serving_model import ServingModel


def assessment_ports(parameters: StackParameters) -> AssessmentPorts:
    serving = serving_model(parameters)
    return AssessmentPorts(
        parameters=parameters,
        serving=serving,
        records=drift_records(parameters, serving),
        progress=progress(parameters),
        notifications=notifications(parameters),
        clock=server_time,
        actor=acting_function(),
    )


def ask_ports(parameters: StackParameters) -> AskPorts:
    records = drift_records(parameters, serving_model(parameters))
    return AskPorts(parameters.sagemaker.endpoint, records, airflow(parameters), acting_function())


def failure_ports(parameters: StackParameters) -> FailurePorts:
    records = drift_records(parameters, serving_model(parameters))
    return FailurePorts(parameters.sagemaker.endpoint, records, notifications(parameters), acting_function())


def override_ports(parameters: StackParameters) -> OverridePorts:
    serving = serving_model(parameters)
    return OverridePorts(
        endpoint=parameters.sagemaker.endpoint,
        machine=parameters.state_machines.retrain_on_drift,
        serving=serving,
        records=drift_records(parameters, serving),
        progress=progress(parameters),
        authentication=authentication_ports(parameters),
        executions=Executions(aws_client("stepfunctions")),
        clock=server_time,
    )


def serving_model(parameters: StackParameters) -> ServingModel:
    """As it is recorded now: made anew for each call of a function."""
    records = ServingRecords(aws_client("dynamodb"), parameters.tables.models)
    return ServingModel(records.serving(parameters.sagemaker.endpoint), parameters.buckets, aws_client("s3"))


def drift_records(parameters: StackParameters, serving: ServingModel) -> DriftRecords:
    ledger = required_ledger(parameters)
    return DriftRecords(aws_client("dynamodb"), parameters.tables.monitoring, ledger, serving.run_key)


def airflow(parameters: StackParameters) -> MwaaAirflow:
    return MwaaAirflow(mwaa_client(), parameters.airflow.environment)


def progress(parameters: StackParameters) -> RetrainingProgress:
    machine = parameters.state_machines.train_and_promote
    return RetrainingProgress(airflow(parameters), aws_client("stepfunctions"), machine, server_time)


def notifications(parameters: StackParameters) -> Notifications:
    return Notifications(aws_client("sns"), parameters.topics.notifications)
