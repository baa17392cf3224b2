"""Every way in which an act can fail, as a page in plain words with its status. Nothing that was typed is repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError

from vigil.approvals import errors
from vigil_airflow.pages.access import SignerMapError
from vigil_airflow.pages.approvals.forms import ForeignFormError, StaleFormError
from vigil_airflow.pages.rendering import base_path, page

log = logging.getLogger(__name__)

LONGEST_FORM_BYTES = 64 * 1024  # a comment of 4,000 characters, percent-encoded, and the rest
STATUSES: dict[type[errors.ApprovalError], int] = {
    errors.UnknownRequestError: 404,
    errors.AlreadyDecidedError: 409,
    errors.EvidenceError: 409,
    errors.ChallengeError: 409,
    errors.SeatFilledError: 409,
    errors.RequestExpiredError: 410,
    errors.RequestClosedError: 410,
    errors.AuthenticationError: 403,
    errors.LockedOutError: 403,
    errors.NotEntitledError: 403,
    errors.RevokedError: 403,
    errors.TrainingExpiredError: 403,
    errors.WrongPersonError: 403,
    errors.IncompleteDecisionError: 422,
    errors.UnreadableRequestError: 500,
    errors.DeskUnavailableError: 502,
    errors.BusyError: 503,
    errors.ProviderUnavailableError: 503,
}
TITLES = {
    401: "Please sign in to Airflow",
    403: "You may not do this",
    404: "There is no such request",
    409: "Nothing was signed",
    410: "It is too late to sign",
    413: "The form is too large",
    422: "Something is missing",
    502: "The service for signing did not answer",
    503: "Please try again",
}
SIGN_IN_OUTSIDE = "Your session in Airflow is over: load Airflow anew, sign in, and open Approvals again."
TOO_LONG = "The page was open for too long"
#: After these the same signature may be tried again at once: nothing was signed by it, and it is shown once more. Who
#: had signed before hears that when it is prepared again.
WORTH_ANOTHER_TRY = (
    errors.AuthenticationError, errors.BusyError, errors.ProviderUnavailableError, errors.ChallengeError,
)  # fmt: skip


def status_of(error: errors.ApprovalError) -> int:
    """A kind of refusal that is newer than this page is a conflict with the state of things."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 409)


class PageRoute(APIRoute):
    """A route that answers in pages only, whatever happens within."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                refuse_large_form(request, "A comment may have 4,000 characters.")
                return await handler(request)
            except errors.ApprovalError as error:
                return refusal(request, status_of(error), str(error))
            except ForeignFormError:
                return refusal(
                    request,
                    403,
                    "This form was not made by this page for you. Open the request again and start from there.",
                )
            except StaleFormError:
                return refusal(
                    request, 409, "Nothing was signed. Open the request again and start from there.", TOO_LONG
                )
            except SignerMapError as error:
                return refusal(request, 500, str(error))
            except HTTPException as error:
                return refusal(request, error.status_code, str(error.detail))
            except (RequestValidationError, ValidationError):
                return refusal(request, 422, "The form is not as this page makes it. Open the request again.")
            except Exception as error:
                # The class only: a message may quote what was sent, and a password was.
                log.error(
                    "the approvals page failed at %s %s: %s", request.method, request.url.path, type(error).__name__
                )
                return refusal(request, 502, _unknown_outcome(request))

        return answer


def refusal(request: Request, status: int, message: str, title: str | None = None) -> Response:
    """``title``: where the status alone does not say what happened."""
    title = title or TITLES.get(status, "Something went wrong")
    request_id = request.path_params.get("request_id") if status != 404 else None
    # Airflow's own page asks for a sign-in and comes back here; within its frame all of Airflow would open in itself.
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    signing_in = (
        f"{base_path(request).removesuffix('/vigil')}/plugin/approvals" if status == 401 and not framed else None
    )
    return page(
        request, "refused.html.j2", status, title=title, message=message, request_id=request_id, signing_in=signing_in,
        advice=SIGN_IN_OUTSIDE if status == 401 and framed else None,
    )  # fmt: skip


def refuse_large_form(request: Request, limit: str) -> None:
    """Raises ``HTTPException`` for a form that is too large, or does not say; ``limit`` tells what it may hold."""
    if request.method == "POST":
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            raise HTTPException(411, "The form does not say how long it is.")
        if int(length) > LONGEST_FORM_BYTES:
            raise HTTPException(413, limit)


def _unknown_outcome(request: Request) -> str:
    if request.method == "POST":
        return (
            "The service that signs did not answer as it should. Whether something was signed, the request's page "
            "says: open it. Signing again does no harm; nobody's signature is stored twice."
        )
    return (
        "The service that keeps the requests did not answer as it should. Try again in a minute; nothing was changed."
    )
