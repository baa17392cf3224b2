"""What a tab of Airflow says where it has nothing to show: a page with advice, for a person sees it, no program."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from vigil_airflow.pages.rendering import page

TITLES = {
    401: "Please sign in to Airflow",
    403: "You may not see this",
    404: "There is nothing to show here",
    503: "This cannot be read just now",
}
ADVICE = {
    401: "Your session in Airflow is over: load Airflow anew, sign in, and open this tab again.",
    403: "Whoever gives out roles in Airflow can let you read this DAG.",
    503: "Nothing was changed, and what runs goes on. Open this tab again in a minute; if it still says so, tell "
    "whoever runs Airflow.",
}


class ToldRoute(APIRoute):
    """A route that refuses in pages. Of an error of AWS only the class is told: its text may quote what was asked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except HTTPException as error:
                return told(request, error.status_code, str(error.detail))
            except (ClientError, BotoCoreError) as error:
                return told(request, 503, f"AWS did not answer as it should ({type(error).__name__})")

        return answer


def told(request: Request, status: int, message: str) -> Response:
    title = TITLES.get(status, "Something went wrong")
    return page(request, "told.html.j2", status, title=title, message=message, advice=ADVICE.get(status))
