"""A promotion world whose functions are those of the tree, over a stack in moto: only SageMaker's jobs are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from candidate_evidence import passing_evaluation, real_plan
from engine_client import EngineClient
from moto_stack import MODEL_FILES, MotoStack, archive_of, example, tree_digest_of
from promotion_world import FunctionError, PromotionWorld
from state_machines import eventually

from tasks.lambdas import (
    deliver_decision,
    gate_candidate,
    mark_active,
    open_approval,
    pin_run,
    record_outcome,
    register_candidate,
    verify_approval,
)
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import ApprovalRequest
from vigil.aws.approval_ports import approvals_table
from vigil.aws.environment import load_parameters
from vigil.aws.executions import Executions

JOBS_BUCKET = "models"  # where the made-up training job says that it left the model


class RealFunctions:
    """Runs train-and-promote on the engine, with every decision of Vigil taken by the functions of the tree."""

    def __init__(self, promotion: PromotionWorld, stack: MotoStack, patch: pytest.MonkeyPatch) -> None:
        self.promotion, self.stack = promotion, stack
        stack.add_people()
        stack.client("s3").create_bucket(Bucket=JOBS_BUCKET)
        for name, arn in promotion.machines.items():
            place = f"/vigil/unit/state-machines/{name}"
            stack.client("ssm").put_parameter(Name=place, Value=arn, Overwrite=True)
        stack.parameters = load_parameters()
        runs = self.runs = Executions(EngineClient(promotion.world))
        for module in ("vigil.aws.approval_ports", "tasks.lambdas.deliver_decision", "tasks.lambdas.verify_approval"):
            patch.setattr(f"{module}.executions", lambda: runs)
        promotion.functions |= {
            "PinRun": _called(pin_run.handler), "GateCandidate": _called(self._gate),
            "RegisterCandidate": _called(self._register), "VerifyApproval": _called(verify_approval.handler),
            "MarkActive": _called(mark_active.handler), "RecordOutcome": _called(record_outcome.handler),
        }  # fmt: skip

    def start(self, execution: str = "run-1") -> str:
        value = {"dataset_version": self.stack.recorded_dataset(), "requested_by": "airflow:dana", "reason": "quarter"}
        return self.promotion.start(value=value, execution=execution)

    def opened(self, count: int = 1) -> ApprovalRequest:
        """The request of the ``count``-th wait, once its message was sent."""
        messages = self.promotion.messages
        message = eventually(lambda: len(messages) >= count and messages[count - 1])
        event = example("sqs")
        event["Records"] = [event["Records"][0] | {"body": json.dumps(message)}]
        assert open_approval.handler(event, None) == {"batchItemFailures": []}
        return self.stored(request_id_in(message))

    def stored(self, request_id: str) -> ApprovalRequest:
        found = approvals_table(self.stack.parameters).get(request_id)
        assert found is not None
        return found

    def sweep(self) -> dict[str, Any]:
        """The minute's sweep."""
        return deliver_decision.handler(example("schedule"), None)

    def stop(self, execution: str) -> None:
        self.promotion.world.stop(execution, cause="the triggerer was restarted")
        self.promotion.world.ended(execution)

    def _gate(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        version = event["run"]["dataset_version"]
        evaluation = passing_evaluation(
            real_plan(), artefact_digest=tree_digest_of(MODEL_FILES), dataset_version=version
        )
        self.stack.put(event["evaluation_uri"], evaluation.to_json())
        return gate_candidate.handler(event, context)

    def _register(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        self.stack.put(event["model_uri"], archive_of(MODEL_FILES))
        return register_candidate.handler(event, context)


def request_id_in(message: dict[str, Any]) -> str:
    """The id of the request that a wait's message opens."""
    entered = datetime.fromisoformat(message["entered_at"])
    return request_id_for(message["execution_arn"], message["state_name"], entered, message["attempt"])


def _called(handler: Callable[[dict[str, Any], object], dict[str, Any]]) -> Callable[[dict[str, Any]], Any]:
    def call(event: dict[str, Any]) -> Any:
        try:
            return handler(event, None)
        except Exception as error:
            return FunctionError(type(error).__name__, str(error))

    return call
