"""``/vigil/models`` and asking for a roll-back there. Reading is by GET; asking takes two POSTs.

Who asks proves it by password. What is asked for is a request that people sign on the Approvals page: nothing that
serves changes here.
"""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from vigil.approvals.errors import AuthenticationError
from vigil.models.shown_versions import RollbackNotAskedError, ShownModels
from vigil_airflow.pages import access
from vigil_airflow.pages.approvals.refusals import WORTH_ANOTHER_TRY, status_of
from vigil_airflow.pages.approvals.services import GuardDep, NowDep, SignerMapDep
from vigil_airflow.pages.models import view, wording
from vigil_airflow.pages.models.asking import Asking, Swap
from vigil_airflow.pages.models.refusals import ModelsRoute
from vigil_airflow.pages.models.services import ModelsDep, RollbackDep
from vigil_airflow.pages.rendering import HEADERS, base_path, page

router = APIRouter(route_class=ModelsRoute)

NO_PASSWORD = SecretStr("")
Text = Annotated[str, Form()]


@router.get("/models")
def show_models(request: Request, user: GetUserDep, models: ModelsDep, now: NowDep, asked: str = "") -> Response:
    access.refuse_unless_reader(user)
    found = models.read()
    return page(
        request, "models.html.j2", words=wording, found=found, now=now, may_ask=access.may_sign(user),
        shares=view.traffic(found.endpoint), plot=view.differences(found), asked=_asked(found, asked),
    )  # fmt: skip


@router.get("/models/{number}/rollback")
def show_form(
    number: int, request: Request, user: GetUserDep, models: ModelsDep, signers: SignerMapDep, guard: GuardDep
) -> Response:
    _refuse_unless_signer(user)
    return _asking(request, user, guard, signers, models.read(), number).form()


@router.post("/models/{number}/rollback/confirm")
def confirm(
    number: int, request: Request, user: GetUserDep, models: ModelsDep, signers: SignerMapDep, guard: GuardDep,
    reason: Text = "", replaces: Text = "", token: Text = "",
) -> Response:  # fmt: skip
    """Shows what goes out and what comes back. Nothing is asked for yet."""
    _refuse_unless_signer(user)
    asking = _asking(request, user, guard, signers, models.read(), number)
    asking.check(token, replaces, "confirm")
    said = reason.strip()
    if not said or len(said) > wording.LONGEST_REASON:
        return asking.form(said, wording.REASON_TOO_LONG if said else wording.REASON_MISSING, 422)
    return asking.confirmation(said)


@router.post("/models/{number}/rollback/ask")
def ask(
    number: int, request: Request, user: GetUserDep, models: ModelsDep, signers: SignerMapDep, guard: GuardDep,
    rollbacks: RollbackDep, reason: Text = "", replaces: Text = "", token: Text = "",
    password: Annotated[SecretStr, Form()] = NO_PASSWORD,
) -> Response:  # fmt: skip
    _refuse_unless_signer(user)
    asking = _asking(request, user, guard, signers, models.read(), number)
    asking.check(token, replaces, f"ask {reason}")  # exactly the reason that was confirmed
    try:
        is_new = asking.send(rollbacks, reason, password)
    except WORTH_ANOTHER_TRY as error:
        wrong_password = isinstance(error, AuthenticationError)
        return asking.confirmation(reason, status_of(error), str(error), wrong_password=wrong_password)
    except RollbackNotAskedError as error:
        return asking.confirmation(reason, 409 if error.refused else 503, str(error))
    address = f"{base_path(request)}/models?asked={number}{'' if is_new else '-again'}"
    return RedirectResponse(address, status_code=303, headers=HEADERS)


def _asking(request: Request, user: Any, guard: Any, signers: str, models: ShownModels, number: int) -> Asking:
    return Asking(request, user, guard, access.signer_of(user, signers), Swap.of(models, number))


def _asked(models: ShownModels, asked: str) -> dict[str, Any] | None:
    """Which version a roll-back was just asked for; only what the models themselves hold is shown of it."""
    number, _, again = asked.partition("-")
    version = models.find(int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else None
    return None if version is None else {"version": version, "again": again == "again"}


def _refuse_unless_signer(user: Any) -> None:
    access.refuse_unless_reader(user)
    if not access.may_sign(user):
        raise HTTPException(403, "your Airflow role may see the models, but not ask for a roll-back")
