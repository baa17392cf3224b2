"""What the functions for people answer, and how they are asked. A refusal is an answer; anything else is a failure.

The command knows people by these functions only: it may read no table and call no user pool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from vigil.approvals import administration
from vigil.approvals.administration import AdministrationError, AdministrationPorts, shown
from vigil.approvals.administration_orders import (
    AddPerson,
    ChoosePassword,
    ListPeople,
    Order,
    Reset,
    Revoke,
    SignOut,
    Train,
    Unlock,
)
from vigil.approvals.errors import ApprovalError
from vigil.approvals.own_password import OwnPasswordPorts, choose_password

ORDERS: TypeAdapter[Order] = TypeAdapter(Order)


class Refused(BaseModel):
    model_config = ConfigDict(frozen=True)

    error: str
    message: str
    exit_code: int


class RefusedError(Exception):
    """A function refused; ``exit_code`` is the command's."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.exit_code = refused.exit_code


class FunctionFailedError(Exception):
    """A function ended in an error of its own: its log says which."""


def administer(event: Mapping[str, Any], ports: AdministrationPorts) -> dict[str, Any]:
    try:
        return {"ok": _administer(ORDERS.validate_python(event), ports)}
    except (AdministrationError, ApprovalError, ValidationError) as error:
        return refused(error)


def choose(event: Mapping[str, Any], ports: OwnPasswordPorts) -> dict[str, Any]:
    try:
        return {"ok": shown(choose_password(ChoosePassword.model_validate(event), ports))}
    except (AdministrationError, ApprovalError, ValidationError) as error:
        return refused(error)


def ask(client: Any, function: str, event: Mapping[str, Any]) -> Any:
    """Invoke a function for people; what it answers. ``client`` is a boto3 Lambda client."""
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    document = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise FunctionFailedError(f"the function {function} failed ({document.get('errorType')}): see its log")
    if "refused" in document:
        raise RefusedError(Refused.model_validate(document["refused"]))
    return document["ok"]


def _administer(order: Order, ports: AdministrationPorts) -> Any:
    match order:
        case ListPeople():
            return [shown(person) for person in ports.people.all()]
        case AddPerson():
            return shown(administration.add_person(order, ports))
        case Train():
            return shown(administration.train(order, ports))
        case Revoke():
            return shown(administration.revoke(order, ports))
        case Unlock():
            return shown(administration.unlock(order, ports))
        case Reset():
            return shown(administration.reset(order, ports))
        case SignOut():
            return shown(administration.sign_out(order, ports))


def refused(error: Exception) -> dict[str, Any]:
    """A refusal as an answer; what was given is not in it, for it may be a password."""
    return {"refused": Refused(error=type(error).__name__, message=_said(error), exit_code=_code(error)).model_dump()}


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'order'}: {each['msg']}" for each in problems)


def _code(error: Exception) -> int:
    return 2 if isinstance(error, ValidationError) else int(getattr(error, "exit_code", 1))
