"""The desk from outside: a Lambda function that may sign, called by the page and by the command line, which may not."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.approvals.desk import Challenge, SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.desk_wire import Note, Prepare, Requests, Show, Sign, received, sent
from vigil.approvals.dossier import Dossier
from vigil.approvals.errors import DeskUnavailableError
from vigil.audit.events import EventName
from vigil.audit.models import Actor
from vigil.aws.environment import CONNECT_TIMEOUT_SECONDS, StackParameters

#: The function's own limit (infra/template.yaml) and time for its start: who gives up earlier learns nothing.
READ_TIMEOUT_SECONDS = 75


class LambdaDesk:
    """``Desk`` over a Lambda function. Nothing that goes through here is logged: it holds passwords."""

    def __init__(self, client: Any, function_name: str) -> None:
        self._client = client
        self._function = function_name

    def requests(self) -> list[dict[str, object]]:
        answer: list[dict[str, object]] = self._ask(Requests())
        return answer

    def show(self, request_id: str, reader: Actor) -> Dossier:
        return Dossier.model_validate(self._ask(Show(request_id=request_id, reader=reader)))

    def prepare(self, order: SigningOrder, reader: Actor) -> Challenge:
        return Challenge.model_validate(self._ask(Prepare(order=order, reader=reader)))

    def sign(self, answer: SigningAnswer) -> SigningResult:
        return SigningResult.model_validate(self._ask(Sign(answer=answer)))

    def note(self, event: EventName, actor: Actor, subject: str, details: dict[str, Any]) -> None:
        """Have it recorded that somebody read evidence or exported the ledger; only these two events."""
        document = {"event": event, "actor": actor, "subject": subject, "details": details}
        self._ask(Note.model_validate(document))

    def _ask(self, message: Requests | Show | Prepare | Sign | Note) -> Any:
        payload = json.dumps(sent(message)).encode()
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            document = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise DeskUnavailableError(f"the approval desk cannot be asked ({code}): {_advice(code)}") from None
        except (BotoCoreError, OSError, ValueError) as error:
            raise DeskUnavailableError(
                f"the approval desk gave no answer ({type(error).__name__}): look at the request, then try again"
            ) from None
        if "FunctionError" in answer:
            kind = document.get("errorType", "an error") if isinstance(document, dict) else "an error"
            raise DeskUnavailableError(f"the approval desk failed ({kind}): look at the request, then see its log")
        return received(document)


def desk_client(parameters: StackParameters) -> LambdaDesk:
    """The stack's desk."""
    return LambdaDesk(asking_once(READ_TIMEOUT_SECONDS), parameters.functions.approval_desk)


def asking_once(read_timeout_seconds: int) -> Any:
    """A Lambda client that asks once: what somebody proved is never sent again behind their back."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": 1}
    return boto3.client(
        "lambda",
        config=Config(connect_timeout=CONNECT_TIMEOUT_SECONDS, read_timeout=read_timeout_seconds, retries=retries),
    )


def _advice(code: str) -> str:
    if code == "AccessDeniedException":
        return "your AWS identity needs the stack's policy for approvers"
    if code == "ResourceNotFoundException":
        return "deploy the stack"
    return "try again"
