"""Every way in which the page can refuse, as a page in plain words. Nothing that was typed is repeated."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from vigil.approvals.errors import DeskUnavailableError
from vigil_airflow.pages.access import SignerMapError
from vigil_airflow.pages.approvals.forms import ForeignFormError, StaleFormError
from vigil_airflow.pages.approvals.refusals import refuse_large_form
from vigil_airflow.pages.rendering import page

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
            except ForeignFormError:
                return refusal(request, 403, FOREIGN)
            except StaleFormError:
                return refusal(request, 403, STALE)
            except SignerMapError as error:
                return refusal(request, 500, str(error))
            except HTTPException as error:
                return refusal(request, error.status_code, str(error.detail))
            except RequestValidationError:
                return refusal(request, 422, "The form is not as this page makes it. Open the models again.")
            except DeskUnavailableError as error:
                return refusal(request, 503, str(error))
            except (ClientError, BotoCoreError) as error:
                # The class only: its text may quote what was asked.
                return refusal(request, 503, f"AWS did not answer as it should ({type(error).__name__})")

        return answer


def refusal(request: Request, status: int, message: str) -> Response:
    title = TITLES.get(status, "Something went wrong")
    return page(request, "models_refused.html.j2", status, title=title, message=message)
