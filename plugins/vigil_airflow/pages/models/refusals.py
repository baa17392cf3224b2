"""Every way in which the page can refuse, as a page in plain words. Nothing that was typed is repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from vigil.approvals import errors
from vigil_airflow.pages.access import SignerMapError
from vigil_airflow.pages.approvals.forms import ForeignFormError, StaleFormError
from vigil_airflow.pages.approvals.refusals import refuse_large_form, status_of
from vigil_airflow.pages.rendering import page

log = logging.getLogger(__name__)

TITLES = {
    401: "Please sign in to Airflow",
    403: "You may not do this",
    404: "There is nothing to show here",
    409: "Nothing was asked for",
    413: "The form is too large",
    422: "The form cannot be read",
    503: "This cannot be read just now",
}
FOREIGN = "This form was not made by this page for you. Open the models again and start from there."
STALE = "The page was open for too long. Open the models again and start from there."


class ModelsRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                refuse_large_form(request, "A reason may have 2,000 characters.")
                return await handler(request)
            except (ForeignFormError, StaleFormError) as error:
                return refusal(request, 403, STALE if isinstance(error, StaleFormError) else FOREIGN)
            except SignerMapError as error:
                return refusal(request, 500, str(error))
            except HTTPException as error:
                return refusal(request, error.status_code, str(error.detail))
            except RequestValidationError:
                return refusal(request, 422, "The form is not as this page makes it. Open the models again.")
            except errors.DeskUnavailableError as error:
                return refusal(request, 503, str(error))
            except errors.ApprovalError as error:
                return refusal(request, status_of(error), str(error))
            except (ClientError, BotoCoreError) as error:
                # The class only: its text may quote what was asked.
                return refusal(request, 503, f"AWS did not answer as it should ({type(error).__name__})")
            except Exception as error:
                # The class only: a message may quote what was sent, and a password was.
                log.error("the models page failed at %s %s: %s", request.method, request.url.path, type(error).__name__)
                return refusal(request, 502, "Whether anything was asked for is not known: look at the models.")

        return answer


def refusal(request: Request, status: int, message: str) -> Response:
    title = TITLES.get(status, "Something went wrong")
    return page(request, "models_refused.html.j2", status, title=title, message=message)
