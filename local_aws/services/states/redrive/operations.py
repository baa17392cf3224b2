"""RedriveExecution.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from local_aws.api import Context, operation
from local_aws.services.states import history
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.executions.execution_operations import find_execution
from local_aws.services.states.executions.execution_start import refuse_too_many
from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import Execution, Redrive
from local_aws.services.states.redrive.frames import not_redrivable
from local_aws.services.states.redrive.redrivability import MAX_EVENTS_BEFORE, redrive_status

TOKENS_KEPT = 10
TOKENS_VALID = timedelta(minutes=15)
#: Two redrives of one execution must not both find it redrivable.
_REDRIVING = threading.Lock()


@operation("stepfunctions", "RedriveExecution")
def redrive_execution(aws: Context, request: api.RedriveExecutionRequest) -> api.RedriveExecutionResponse:
    """Goes on from where the execution failed. The last ten client tokens of 15 minutes answer as they did."""
    token = request.get("clientToken")
    with _REDRIVING:
        execution = find_execution(aws, request["executionArn"])
        now = datetime.now(UTC)
        for done in execution.get("redrive_tokens", []):
            if done["token"] == token and now - done["date"] < TOKENS_VALID:
                return {"redriveDate": done["date"]}
        too_long = history.is_longer(aws.store, execution["arn"], MAX_EVENTS_BEFORE)
        status, reason = redrive_status(execution, too_long=too_long)
        if status != "REDRIVABLE":
            raise not_redrivable(reason or f"Execution is {status}: redrive the execution of its Map Run")
        refuse_too_many(aws)
        _run_again(execution, now, token)
        engine_of(aws).redrive(execution)
    return {"redriveDate": now}


def _run_again(execution: Execution, now: datetime, token: str | None) -> None:
    """The time-out of the whole machine begins anew."""
    timeout = loads(execution["definition"]).get("TimeoutSeconds")
    tokens = execution.get("redrive_tokens", [])
    if token is not None:
        done: Redrive = {"token": token, "date": now}
        tokens = [*tokens, done][-TOKENS_KEPT:]
    execution.update({"status": "RUNNING", "stopped": None, "output": None, "error": None, "cause": None})
    execution.update({"redrives": execution.get("redrives", 0) + 1, "redriven": now, "redrive_tokens": tokens})
    execution["deadline"] = None if timeout is None else time.time() + timeout
