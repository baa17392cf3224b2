"""The routes. Reading is by GET and acts on nothing; a signature takes two POSTs, and what is signed is shown between.

Routes are plain functions: the desk is asked over the network, and Starlette runs them in threads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr, ValidationError

from vigil.approvals.errors import AuthenticationError, IncompleteDecisionError, NotEntitledError
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.public_request import read_public
from vigil_airflow.pages import access
from vigil_airflow.pages.approvals import view
from vigil_airflow.pages.approvals.acts import Act, Said, Sender
from vigil_airflow.pages.approvals.forms import StaleFormError
from vigil_airflow.pages.approvals.refusals import TOO_LONG, WORTH_ANOTHER_TRY, PageRoute, status_of
from vigil_airflow.pages.approvals.services import DeskDep, GuardDep, NowDep, SignerMapDep
from vigil_airflow.pages.rendering import HEADERS, base_path, page

router = APIRouter(route_class=PageRoute)

PAST_SHOWN = 50
NO_PASSWORD = SecretStr("")
STALE_DECISION = (
    "Nothing was signed. What you chose and wrote is below; if much time has passed, open the request again in another "
    "tab and see whether the evidence is as you read it, then continue."
)
Text = Annotated[str, Form()]


@router.get("/approvals")
def list_requests(request: Request, user: GetUserDep, desk: DeskDep, now: NowDep, past: str = "") -> Response:
    access.refuse_unless_reader(user)
    rows = [(read_public(public), public.get("open_seats")) for public in desk.requests()]
    pending = sorted((row for row in rows if row[0].status is Status.PENDING), key=lambda row: row[0].expires_at)
    ended = [row for row, _ in rows if row.status is not Status.PENDING]
    shown = ended if past == "all" else ended[:PAST_SHOWN]
    return page(request, "requests.html.j2", pending=pending, past=shown, hidden=len(ended) - len(shown), now=now)


@router.get("/approvals/{request_id}")
def show_request(
    request_id: str, request: Request, user: GetUserDep, desk: DeskDep, signers: SignerMapDep, guard: GuardDep,
    now: NowDep, signature: str = "",
) -> Response:  # fmt: skip
    """``signature``: the challenge of a signature just made. Only what the request itself holds of it is shown."""
    access.refuse_unless_reader(user)
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        raise HTTPException(503, "Nobody has read what a browser fetches ahead, so it is not recorded as read.")
    dossier = desk.show(request_id, access.reader(user))
    row = read_public(dossier.request)
    act = Act(request, user, guard, access.signer_of(user, signers), row.request_id)
    made = next((each for each in row.signatures if each.challenge_id == signature), None)
    answer = page(
        request, "request.html.j2", dossier=dossier, row=row, now=now, made=made,
        splits=view.split_views(dossier.evaluation, dossier.serving.evaluation if dossier.serving else None)
        if dossier.evaluation else [],
        pictures=view.pictures(dossier), standing=_standing(act, row, now), **act.decision_form(),
        offered=view.meanings_to_offer(dossier),
    )  # fmt: skip
    act.keep_browser_cookie(answer)
    return answer


@router.post("/approvals/{request_id}/confirm")
def confirm(
    request_id: str, request: Request, user: GetUserDep, desk: DeskDep, signers: SignerMapDep, guard: GuardDep,
    now: NowDep, meaning: Text = "", comment: Text = "", offered: Text = "", token: Text = "",
) -> Response:  # fmt: skip
    """Fixes and shows what would be signed. Nothing is signed."""
    _refuse_unless_signer(user)
    act = Act(request, user, guard, access.signer_of(user, signers), request_id)
    sender, said = Sender(act, desk, now), Said(meaning, comment, offered)
    try:
        act.check(token, "confirm")
        return sender.confirmation(said.order(act))
    except ValidationError as error:
        fields = {problem["loc"][0] for problem in error.errors(include_input=False)}
        if "meaning" in fields:
            return sender.decision_again(422, "Choose what your signature means.", "meaning", said)
        return sender.decision_again(422, "A comment may have 4,000 characters.", "comment", said)
    except IncompleteDecisionError as error:
        return sender.decision_again(status_of(error), str(error), "comment", said)
    except NotEntitledError as error:
        return sender.decision_again(status_of(error), str(error), "meaning", said, "You cannot sign that")
    except StaleFormError:
        # Its seal holds, so this user wrote it on this page: what was typed is not to be typed again.
        return sender.decision_again(409, STALE_DECISION, None, said, TOO_LONG)


@router.post("/approvals/{request_id}/sign")
def sign(
    request_id: str, request: Request, user: GetUserDep, desk: DeskDep, signers: SignerMapDep, guard: GuardDep,
    now: NowDep, challenge_id: Text = "", username: Text = "", password: Annotated[SecretStr, Form()] = NO_PASSWORD,
    meaning: Text = "", comment: Text = "", token: Text = "",
) -> Response:  # fmt: skip
    """``meaning`` and ``comment`` only serve to show the same again after a wrong password: the challenge is signed."""
    _refuse_unless_signer(user)
    act = Act(request, user, guard, access.signer_of(user, signers), request_id)
    sender, said = Sender(act, desk, now), Said(meaning, comment)
    try:
        act.check(token, f"sign {challenge_id}")
        result = sender.sign(challenge_id, username, password)
    except WORTH_ANOTHER_TRY as error:
        # After the others the password may well have been right: the field is not at fault, nor the period over.
        wrong_password = isinstance(error, AuthenticationError)
        answer = sender.confirmation(said.order(act), status_of(error), str(error), wrong_password=wrong_password)
        if wrong_password:
            act.forget_session(answer)
        return answer
    except StaleFormError:
        return sender.confirmation(said.order(act), 409, TOO_LONG)
    signed = quote(str(result.request["request_id"]), safe="")
    address = f"{base_path(request)}/approvals/{signed}?signature={quote(challenge_id, safe='')}"
    answer = RedirectResponse(address, status_code=303, headers=HEADERS)
    act.keep_session(answer, result, now)
    return answer


def _refuse_unless_signer(user: Any) -> None:
    access.refuse_unless_reader(user)
    if not access.may_sign(user):
        raise HTTPException(403, f"Your Airflow role may see approvals of {access.DAG_ID}, but not sign them.")


def _standing(act: Act, row: ApprovalRequest, now: datetime) -> str:
    """Why this user gets the form for a decision, or why not."""
    if not view.is_open(row, now):
        return "closed"
    if not access.may_sign(act.user):
        return "viewer"
    if act.signer is None:
        return "no-signer"
    return "signed" if view.signature_of(row, act.signer) else "may-sign"
