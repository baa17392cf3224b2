"""What interfaces and the desk say to each other: one JSON event, one JSON answer. Both sides are in this file.

An answer is ``{"ok": …}`` or ``{"refused": {"error": <class of an ApprovalError>, "message": …}}``. Everything else
that goes wrong is an exception of the function, without anything that was in the event.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter

from vigil.approvals import errors
from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.desk_service import DeskService
from vigil.approvals.errors import ApprovalError, DeskUnavailableError
from vigil.approvals.models import LONGEST_ID, PasswordProof, Proof, SessionProof
from vigil.audit.events import EventName
from vigil.audit.models import Actor

#: A note goes into the chain ``stack``, which sign-ins wait on: nobody may fill it with what he likes.
MOST_NOTE_BYTES = 8192
LONGEST_NAME = 300


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Requests(_Message):
    operation: Literal["requests"] = "requests"


class Show(_Message):
    operation: Literal["show"] = "show"
    request_id: str = Field(min_length=1, max_length=LONGEST_ID)
    reader: Actor


class Prepare(_Message):
    operation: Literal["prepare"] = "prepare"
    order: SigningOrder
    reader: Actor


class Sign(_Message):
    operation: Literal["sign"] = "sign"
    answer: SigningAnswer


def _is_short(details: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(details))
    if size > MOST_NOTE_BYTES:
        raise ValueError(f"a note's details have up to {MOST_NOTE_BYTES} bytes, these have {size}")
    return details


class Note(_Message):
    operation: Literal["note"] = "note"
    event: Literal[EventName.LEDGER_EXPORTED]
    actor: Actor
    subject: str = Field(min_length=1, max_length=LONGEST_NAME)
    details: Annotated[dict[str, Any], AfterValidator(_is_short)] = Field(default_factory=dict)


Message = Annotated[Requests | Show | Prepare | Sign | Note, Field(discriminator="operation")]
_MESSAGE: TypeAdapter[Requests | Show | Prepare | Sign | Note] = TypeAdapter(
    Message, config=ConfigDict(hide_input_in_errors=True)
)


def serve(event: dict[str, Any], desk: DeskService) -> dict[str, Any]:
    """The function's side. Raises pydantic's ``ValidationError`` for an event that is none, naming fields only."""
    message = _MESSAGE.validate_python(event)
    try:
        return {"ok": _serve(message, desk)}
    except ApprovalError as refusal:
        return {"refused": {"error": type(refusal).__name__, "message": str(refusal)}}


def _serve(message: Requests | Show | Prepare | Sign | Note, desk: DeskService) -> Any:
    match message:
        case Requests():
            return desk.requests()
        case Show():
            return desk.show(message.request_id, _claimed(message.reader)).model_dump(mode="json")
        case Prepare():
            return desk.prepare(message.order, _claimed(message.reader)).model_dump(mode="json")
        case Sign():
            result = desk.sign(message.answer)
            return result.model_dump(mode="json") | {"session": result.session and result.session.get_secret_value()}
        case Note():
            desk.note(message.event, _claimed(message.actor), message.subject, message.details)
            return None


def sent(message: Requests | Show | Prepare | Sign | Note) -> dict[str, Any]:
    """The interface's side: the event as JSON. Only here a proof's secrets come out of their wrapping."""
    document = message.model_dump(mode="json")
    if isinstance(message, Sign):
        document["answer"]["proof"] = revealed(message.answer.proof)
    return document


def received(answer: Any) -> Any:
    """What the desk answered. Raises the ``ApprovalError`` with which it refused."""
    if not isinstance(answer, dict) or not {"ok", "refused"} & set(answer):
        raise DeskUnavailableError("the approval desk gave no answer that can be read: try again, then see its log")
    if "ok" in answer:
        return answer["ok"]
    refused = answer["refused"]
    kind = getattr(errors, str(refused.get("error")), ApprovalError)
    raise (kind if isinstance(kind, type) and issubclass(kind, ApprovalError) else ApprovalError)(refused["message"])


def _claimed(actor: Actor) -> Actor:
    """The desk does not see who invoked it, so whoever an interface names is a claim of that interface."""
    return actor.model_copy(update={"verified": False})


def revealed(proof: Proof) -> dict[str, Any]:
    """A proof as JSON, its secrets out of their wrapping: only for the function that tries them."""
    if isinstance(proof, PasswordProof):
        return {"kind": proof.kind, "username": proof.username, "password": _text(proof.password)}
    if isinstance(proof, SessionProof):
        return {"kind": proof.kind, "session": _text(proof.session), "password": _text(proof.password)}
    return {"kind": proof.kind, "id_token": _text(proof.id_token)}


def _text(secret: SecretStr) -> str:
    return secret.get_secret_value()
