"""The state machines as they are in the tree, executed by local_aws's engine over services made up for the test.

The functions and SageMaker are stand-ins that a test tells how to behave; expressions, choices, retries, catches,
tokens and nested executions are the engine's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment_events import EndpointEvents
from shortened_machines import ARN, shortened
from state_machine_text import NAMES
from state_machines import FakeServices, StatesWorld, client_error, eventually

from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts

RUN = {
    "key": "0123456789ab", "image": "image", "hyperparameters": {"max_depth": "4"}, "code_revision": "revision-1",
    "dataset_uri": "s3://datasets/d/", "plan_uri": "s3://models/plans/p/", "outputs_uri": "s3://models/runs/1",
    "data_key": ARN % ("kms", "key/data"), "instance_type": "ml.m5.large", "approval_timeout_seconds": 600,
    "dataset_version": "d" * 64,
}  # fmt: skip
FACTS = {"model_package_arn": ARN % ("sagemaker", "model-package/triage/1"), "artefact_digest": "a" * 64}
RELEASE = {
    "key": "fedcba987654", "request_id": "apr-1", "artefact_digest": "a" * 64, "artefact_uri": "s3://models/a",
    "image": "image", "code_revision": "revision-1", "dataset_version": "d" * 64, "endpoint_name": "triage",
    "instance_type": "ml.m5.large", "capture_uri": "s3://capture", "data_key": ARN % ("kms", "key/data"),
    "model_package_arn": FACTS["model_package_arn"], "run_key": "0123456789ab", "kind": "promotion",
    "dataset_uri": "s3://datasets/d/", "plan_digest": "f" * 64, "plan_uri": "s3://models/plans/f/",
    "baseline_uri": "s3://models/runs/1/baseline/", "baseline_digest": "", "comparison_uri": "s3://models/runs/1/c/",
    "pace": {
        "shadow_seconds": 10, "canary_percent": 20, "bake_seconds": 10, "termination_seconds": 10, "limit_seconds": 600,
    },
}  # fmt: skip
CHAMPION = {
    "model_package_arn": ARN % ("sagemaker", "model-package/triage/0"), "run_key": "ba9876543210",
    "artefact_digest": "b" * 64, "artefact_uri": "s3://models/b", "model_name": "champion-model",
    "config_name": "before", "execution_arn": "earlier",
}  # fmt: skip
BASELINE = {"uri": RELEASE["baseline_uri"], "digest": "c" * 64, "plan_digest": "f" * 64, "dataset_version": "d" * 64}
PINNED_ROLLBACK = {
    "kind": "rollback", "key": "0123456789ab", "requested_by": "dana", "reason": "the new one drifts",
    "dataset_version": "d" * 64, "approval_timeout_seconds": 600,
    "facts": FACTS | {"rollback": {"replaces_package": ARN % ("sagemaker", "model-package/triage/2")}},
}  # fmt: skip
PASSED = {"verdict": {"passed": True, "outcome": "within-plan"}, "summary": "all met"}
PASSED |= {"evaluation_uri": "s3://models/evaluations/e", "evaluation_digest": "e" * 64}


class FunctionError(Exception):
    """What a function raises: ``kind`` is the exception's class, which Step Functions sees as the error's name."""

    def __init__(self, kind: str, message: str = "so it was said") -> None:
        super().__init__(message)
        self.kind = kind


class FakeSageMaker:
    """Jobs that end at once, and endpoints that take ``looks`` descriptions to settle."""

    def __init__(self) -> None:
        self.job_failures: dict[str, str] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.configs: list[str] = []
        self.refusals: dict[str, list[Exception]] = {}
        self.after_update: Callable[[dict[str, Any], str], None] | None = None
        self.looks = 1
        self.looks_at_deletion = 0

    def refuse(self, call: str, *errors: Exception) -> None:
        """The next calls of that name are refused with these errors, one after the other."""
        self.refusals[call] = list(errors)

    def _may(self, call: str) -> None:
        if self.refusals.get(call):
            raise self.refusals[call].pop(0)

    def create_job(self, kind: str, **request: Any) -> dict[str, Any]:
        self._may(f"create_{kind.lower()}_job")
        name = request[f"{kind}JobName"]
        self.jobs[name] = request
        return {f"{kind}JobArn": ARN % ("sagemaker", f"{kind.lower()}-job/{name}")}

    def describe_job(self, kind: str, **request: Any) -> dict[str, Any]:
        name = request[f"{kind}JobName"]
        failure = self.job_failures.get(kind)
        answer = {
            f"{kind}JobName": name,
            f"{kind}JobArn": ARN % ("sagemaker", f"{kind.lower()}-job/{name}"),
            f"{kind}JobStatus": "Failed" if failure else "Completed",
        }
        if failure:
            answer["FailureReason"] = failure
        if kind == "Training":
            answer["ModelArtifacts"] = {"S3ModelArtifacts": f"s3://models/runs/1/training/{name}/output/model.tar.gz"}
        return answer

    def create_model(self, **request: Any) -> dict[str, Any]:
        self._may("create_model")
        return {"ModelArn": ARN % ("sagemaker", f"model/{request['ModelName']}")}

    def create_endpoint_config(self, **request: Any) -> dict[str, Any]:
        self._may("create_endpoint_config")
        self.configs.append(request["EndpointConfigName"])
        return {"EndpointConfigArn": ARN % ("sagemaker", f"endpoint-config/{request['EndpointConfigName']}")}

    def describe_endpoint(self, **request: Any) -> dict[str, Any]:
        self._may("describe_endpoint")
        name = request["EndpointName"]
        if name not in self.endpoints:
            message = f'Could not find endpoint "{ARN % ("sagemaker", f"endpoint/{name}")}".'
            raise client_error("ValidationException", message)
        endpoint = self.endpoints[name]
        answer = {"EndpointName": name, "EndpointStatus": endpoint["status"], "EndpointConfigName": endpoint["config"]}
        if endpoint.get("reason"):
            answer["FailureReason"] = endpoint["reason"]
        if "modified" in endpoint:
            answer["LastModifiedTime"] = endpoint["modified"]
        if endpoint["status"] == "Deleting" and "left" in endpoint:
            endpoint["left"] -= 1
            if endpoint["left"] <= 0:
                del self.endpoints[name]
        elif endpoint.get("next") and endpoint["looks"] <= 1:
            endpoint["status"], endpoint["config"] = endpoint.pop("next")
            endpoint["modified"] = datetime.now(UTC)
        elif endpoint.get("next"):
            endpoint["looks"] -= 1
        return answer

    def create_endpoint(self, **request: Any) -> dict[str, Any]:
        self._may("create_endpoint")
        self._change(request["EndpointName"], "Creating", request["EndpointConfigName"], request["EndpointConfigName"])
        return {"EndpointArn": "arn"}

    def update_endpoint(self, **request: Any) -> dict[str, Any]:
        self._may("update_endpoint")
        endpoint = self.endpoints[request["EndpointName"]]
        if endpoint["status"] == "Failed":  # SageMaker API reference, EndpointStatus
            raise client_error("ValidationException", "Cannot update endpoint in status Failed")
        before = endpoint["config"]
        self._change(request["EndpointName"], "Updating", before, request["EndpointConfigName"])
        return {"EndpointArn": "arn"}

    def delete_endpoint(self, **request: Any) -> dict[str, Any]:
        self._may("delete_endpoint")
        if self.looks_at_deletion:
            self.endpoints[request["EndpointName"]] |= {"status": "Deleting", "left": self.looks_at_deletion}
        else:
            del self.endpoints[request["EndpointName"]]
        return {}

    def _change(self, name: str, status: str, before: str, after: str) -> None:
        endpoint = {"status": status, "config": before, "next": ("InService", after), "looks": self.looks}
        endpoint["modified"] = datetime.now(UTC)
        self.endpoints[name] = endpoint
        if self.after_update is not None:
            self.after_update(endpoint, after)


class PromotionWorld:
    """Functions by their names in the template; ``self.functions[name] = answer or function or FunctionError``."""

    def __init__(self, folder: Path) -> None:
        self.sagemaker = FakeSageMaker()
        self.functions: dict[str, Any] = {
            "PinRun": RUN, "GateCandidate": PASSED, "RegisterCandidate": FACTS, "VerifyApproval": RELEASE,
            "PinRollback": PINNED_ROLLBACK, "PinBaseline": BASELINE,
            "CompareChallenger": {"verdict": "passed", "reason": "within the plan"},
            "WatchEndpoint": {}, "SmokeTest": {"scored": 3}, "MarkActive": {"active": FACTS["model_package_arn"]},
            "RecordOutcome": lambda event: {"outcome": event["outcome"], "reason": f"read: {event['cause']}"},
        }  # fmt: skip
        self.events: list[tuple[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.notices_refused = False
        self.record: dict[str, str] = {}  # the endpoint's item of the models table
        self.services = FakeServices()
        self.world = StatesWorld(folder, self.services)
        self._serve()
        self.deployments = EndpointEvents(self.world, self.services)
        self.functions["AwaitDeployment"] = self.deployments.awaited
        self.machines = {name: self.world.create(shortened(name), name) for name in NAMES}

    def close(self) -> None:
        self.deployments.close()
        self.world.close()

    def start(self, name: str = "train-and-promote", value: Any = None, execution: str = "run-1") -> str:
        usual = {"dataset_version": "d" * 64, "requested_by": "dana", "reason": "new quarter"}
        return self.world.start(self.machines[name], usual if value is None else value, execution)

    def update(self, execution: str = "apr-1") -> tuple[dict[str, Any], list[str]]:
        """Run update-endpoint alone; how it ended and the states that it went through."""
        value = {"approval_request_id": "apr-1", "requested_execution": "arn:of:the:run"}
        arn = self.start("update-endpoint", value, execution)
        return self.world.ended(arn), self.course(arn)

    def wait(self) -> dict[str, Any]:
        """The message of the run that has begun to wait."""
        return dict(eventually(lambda: self.messages and self.messages[-1]))

    def answer(self, output: Any) -> None:
        self.world.succeed(self.wait()["task_token"], output)

    def course(self, execution: str) -> list[str]:
        """The states that an execution entered, in order."""
        events = self.world.events(execution)
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def recorded(self) -> list[dict[str, Any]]:
        return [event for name, event in self.events if name == "RecordOutcome"]

    def _serve(self) -> None:
        on, sagemaker = self.services.on, self.sagemaker
        on("lambda.invoke", self._invoke)
        on("sqs.send_message", self._send)
        on("dynamodb.get_item", self._get_item)
        on("sns.publish", self._publish)
        for kind in ("Training", "Processing"):
            on(
                f"sagemaker.create_{kind.lower()}_job",
                lambda kind=kind, **request: sagemaker.create_job(kind, **request),
            )
            on(
                f"sagemaker.describe_{kind.lower()}_job",
                lambda kind=kind, **request: sagemaker.describe_job(kind, **request),
            )
        for call in (
            "create_model", "create_endpoint_config", "describe_endpoint", "create_endpoint", "update_endpoint",
            "delete_endpoint",
        ):  # fmt: skip
            on(f"sagemaker.{call}", getattr(sagemaker, call))
        on("stepfunctions.start_execution", lambda **request: starts.start_execution(self.world.aws, request))
        on("stepfunctions.describe_execution", lambda **request: executions.describe_execution(self.world.aws, request))

    def _invoke(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"].rpartition(":")[2]
        payload = request["Payload"]
        event = json.loads(payload) if isinstance(payload, str | bytes) else payload
        self.events.append((name, event))
        answer = self.functions[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(event)
        if isinstance(answer, FunctionError):
            body = {"errorType": answer.kind, "errorMessage": str(answer), "stackTrace": []}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": json.dumps(body).encode()}
        if isinstance(answer, Exception):
            raise answer
        return {"StatusCode": 200, "Payload": json.dumps(answer).encode()}

    def _get_item(self, **request: Any) -> dict[str, Any]:
        assert request["Key"] == {"model_package_arn": {"S": "endpoint#triage"}}
        return {"Item": {name: {"S": value} for name, value in self.record.items()}} if self.record else {}

    def _send(self, **request: Any) -> dict[str, Any]:
        self.messages.append(json.loads(request["MessageBody"]))
        return {"MessageId": "m", "MD5OfMessageBody": "0" * 32}

    def _publish(self, **request: Any) -> dict[str, Any]:
        if self.notices_refused:
            raise client_error("AuthorizationError", "no")
        self.notices.append(json.loads(request["Message"]))
        return {"MessageId": "n"}
