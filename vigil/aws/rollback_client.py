"""Asking for a roll-back from outside: the command line and Airflow's page invoke the function ``request_rollback``."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.approvals.desk_wire import received, revealed
from vigil.approvals.errors import RollbackRefusedError
from vigil.approvals.rollback_asking import AskForRollback
from vigil.aws.desk_client import READ_TIMEOUT_SECONDS, asking_once
from vigil.aws.environment import StackParameters
from vigil.aws.rollback_request import RollbackAsked


class RollbackUnavailableError(Exception):
    """The function that starts roll-backs could not be reached or failed: nothing may have been asked."""


def ask_for_rollback(ask: AskForRollback, parameters: StackParameters, client: Any = None) -> RollbackAsked:
    """Raises ``RollbackRefusedError`` where the model may not come back, an ``ApprovalError`` where the asker was not
    proven or may not ask, ``RollbackUnavailableError``. Nothing that goes through here is logged: it has a password."""
    caller = client or asking_once(READ_TIMEOUT_SECONDS)
    event = ask.model_dump(mode="json") | {"proof": revealed(ask.proof)}
    try:
        answer = caller.invoke(FunctionName=parameters.functions.request_rollback, Payload=json.dumps(event).encode())
        document = json.loads(answer["Payload"].read())
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise RollbackUnavailableError(f"the roll-back cannot be asked for ({code}): {_advice(code)}") from None
    except (BotoCoreError, OSError, ValueError) as error:
        raise RollbackUnavailableError(
            f"no answer came ({type(error).__name__}): asking again does no harm, it joins what runs"
        ) from None
    if "FunctionError" in answer or not isinstance(document, dict):
        kind = document.get("errorType", "an error") if isinstance(document, dict) else "an error"
        raise RollbackUnavailableError(f"request_rollback failed ({kind}): see its log")
    refused = document.get("refused")
    if isinstance(refused, dict) and refused.get("error") == RollbackRefusedError.__name__:
        raise RollbackRefusedError(str(refused["message"]))
    return RollbackAsked.model_validate(received(document))


def _advice(code: str) -> str:
    return (
        "your AWS identity needs the stack's policy for approvers" if code == "AccessDeniedException" else "try again"
    )
