"""The operations of those who hold a task token."""

from __future__ import annotations

import time

from local_aws.api import ApiError, Context, operation
from local_aws.calls.current import concerns
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.jsontext import MAX_BYTES, loads, size
from local_aws.services.states.models import TokenAnswer
from local_aws.services.states.records import Records
from local_aws.services.states.tasks import tokens

#: The record of calls names the execution; tokens are secrets.
EXECUTION = "AWS::StepFunctions::Execution"


@operation("stepfunctions", "SendTaskSuccess")
def send_task_success(aws: Context, request: api.SendTaskSuccessRequest) -> api.Empty:
    try:
        loads(request["output"])
    except ValueError as error:
        raise ApiError("InvalidOutput", f"Invalid Output: '{error}'") from error
    if size(request["output"]) > MAX_BYTES:
        raise ApiError("InvalidOutput", f"Invalid Output: 'longer than {MAX_BYTES} bytes'")
    return _answer(aws, request["taskToken"], {"output": request["output"]})


@operation("stepfunctions", "SendTaskFailure")
def send_task_failure(aws: Context, request: api.SendTaskFailureRequest) -> api.Empty:
    error, cause = request.get("error"), request.get("cause")
    failure: TokenAnswer = {"failure": {"error": error, "cause": cause, "terminal": False, "heartbeat": False}}
    return _answer(aws, request["taskToken"], failure)


@operation("stepfunctions", "SendTaskHeartbeat")
def send_task_heartbeat(aws: Context, request: api.SendTaskHeartbeatRequest) -> api.Empty:
    with aws.store.transaction():
        token = tokens.beat(Records(aws.store), request["taskToken"], time.time())
    concerns(EXECUTION, token["execution"])
    engine_of(aws).notify(token["execution"])
    return {}


def _answer(aws: Context, token: str, answer: TokenAnswer) -> api.Empty:
    with aws.store.transaction():
        document = tokens.answer(Records(aws.store), token, answer, time.time())
    concerns(EXECUTION, document["execution"])
    engine_of(aws).notify(document["execution"])
    return {}
