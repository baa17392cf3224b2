"""``.sync``: jobs that a task starts, watches until they end, and stops when nobody waits for them any more.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore import xform_name
from botocore.exceptions import ClientError

from local_aws.services.states.errors import TASK_FAILED, StateError
from local_aws.services.states.jsontext import dumps, loads
from local_aws.services.states.tasks.resources import service_model
from local_aws.services.states.tasks.shapes import to_result
from local_aws.times import epoch_milliseconds

if TYPE_CHECKING:
    from local_aws.api import Clients


class JobKind(Protocol):
    """How one kind of job is followed. ``submitted`` is the reply of the call that started it."""

    #: What the start answers when a job of this name exists already; empty where jobs have no names of their own.
    duplicates: frozenset[str]

    def describe(self, clients: Clients, parameters: Any, submitted: Any) -> dict[str, Any]: ...

    def existing(self, clients: Clients, parameters: Any) -> Any:
        """The reply that starting the job of these parameters gave, for a job that exists already."""

    def state(self, described: Mapping[str, Any]) -> str: ...

    def stop(self, clients: Clients, parameters: Any, submitted: Any) -> None: ...


#: Statuses of all kinds of jobs; every other one is a failure.
RUNNING = frozenset(
    {"InProgress", "Stopping", "STARTING", "RUNNING", "STOPPING", "WAITING", "QUEUED", "PENDING_REDRIVE"}
)
SUCCEEDED = frozenset({"Completed", "SUCCEEDED"})


@dataclass(frozen=True)
class SageMakerJob:
    """Training, processing, transform and tuning jobs, which differ in their names only."""

    name: str
    duplicates = frozenset({"SageMaker.ResourceInUseException"})

    def describe(self, clients: Clients, parameters: Any, submitted: Any) -> dict[str, Any]:
        describe = getattr(clients("sagemaker"), xform_name(f"Describe{self.name}Job"))
        answer = describe(**{f"{self.name}JobName": parameters[f"{self.name}JobName"]})
        return _described("sagemaker", f"Describe{self.name}Job", answer)

    def existing(self, clients: Clients, parameters: Any) -> Any:
        described = self.describe(clients, parameters, None)
        return {f"{self.name}JobArn": described[f"{self.name}JobArn"]}

    def state(self, described: Mapping[str, Any]) -> str:
        return str(described[f"{self.name}JobStatus"])

    def stop(self, clients: Clients, parameters: Any, submitted: Any) -> None:
        stop = getattr(clients("sagemaker"), xform_name(f"Stop{self.name}Job"))
        stop(**{f"{self.name}JobName": parameters[f"{self.name}JobName"]})


class GlueJobRun:
    duplicates: frozenset[str] = frozenset()

    def describe(self, clients: Clients, parameters: Any, submitted: Any) -> dict[str, Any]:
        answer = clients("glue").get_job_run(JobName=parameters["JobName"], RunId=submitted["JobRunId"])
        run: dict[str, Any] = _described("glue", "GetJobRun", answer)["JobRun"]
        return run

    def existing(self, clients: Clients, parameters: Any) -> Any:
        raise LookupError("a Glue job run has no name of its own")

    def state(self, described: Mapping[str, Any]) -> str:
        return str(described["JobRunState"])

    def stop(self, clients: Clients, parameters: Any, submitted: Any) -> None:
        clients("glue").batch_stop_job_run(JobName=parameters["JobName"], JobRunIds=[submitted["JobRunId"]])


class NestedExecution:
    duplicates = frozenset({"StepFunctions.ExecutionAlreadyExistsException"})

    def describe(self, clients: Clients, parameters: Any, submitted: Any) -> dict[str, Any]:
        answer = clients("stepfunctions").describe_execution(executionArn=submitted["ExecutionArn"])
        return _described("stepfunctions", "DescribeExecution", answer)

    def existing(self, clients: Clients, parameters: Any) -> Any:
        arn = parameters["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{parameters['Name']}"
        described = self.describe(clients, parameters, {"ExecutionArn": arn})
        return {"ExecutionArn": arn, "StartDate": described["StartDate"]}

    def state(self, described: Mapping[str, Any]) -> str:
        return str(described["Status"])

    def stop(self, clients: Clients, parameters: Any, submitted: Any) -> None:
        clients("stepfunctions").stop_execution(executionArn=submitted["ExecutionArn"])


KINDS: dict[tuple[str, str], JobKind] = {
    ("sagemaker", "CreateTrainingJob"): SageMakerJob("Training"),
    ("sagemaker", "CreateProcessingJob"): SageMakerJob("Processing"),
    ("sagemaker", "CreateTransformJob"): SageMakerJob("Transform"),
    ("sagemaker", "CreateHyperParameterTuningJob"): SageMakerJob("HyperParameterTuning"),
    ("glue", "StartJobRun"): GlueJobRun(),
    ("stepfunctions", "StartExecution"): NestedExecution(),
}


def poll(kind: JobKind, clients: Clients, parameters: Any, submitted: Any, *, parsed: bool) -> Any | None:
    """The job's description when it succeeded, None while it runs. ``parsed``: its input and output are JSON.

    Raises ``StateError`` States.TaskFailed, whose cause is the description, when it ended in any other way.
    """
    described = kind.describe(clients, parameters, submitted)
    state = kind.state(described)
    if state in RUNNING:
        return None
    if state not in SUCCEEDED:
        raise StateError(TASK_FAILED, dumps(described))
    if parsed:
        return {key: loads(part) if key in ("Input", "Output") else part for key, part in described.items()}
    return described


def stop(service: str, operation: str, clients: Clients, parameters: Any, submitted: Any) -> None:
    """Ask the job to stop; one that has ended or is gone is left alone."""
    try:
        KINDS[(service, operation)].stop(clients, parameters, submitted)
    except ClientError:
        # Best effort, as on AWS: the service says that there is nothing to stop.
        return


def _described(service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    shape = service_model(service).operation_model(operation).output_shape
    return to_result(shape, answer, epoch_milliseconds)
