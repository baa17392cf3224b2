"""The endpoint's HTTP server: SageMaker's container contract, ``GET /ping`` and ``POST /invocations``.

It listens only once the approved model is loaded. Errors name the field and never repeat a value, because what comes in
is patient data.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from vigil.scoring.models import MOST_CASES, ScoreRequest, ScoreResponse
from vigil.scoring.score import Scorer, load_scorer

MOST_BYTES = 6 * 2**20  # of a body; SageMaker itself takes 25 MB
MOST_ERRORS = 20
DRAIN_SECONDS = 25  # SageMaker kills a container 30 s after SIGTERM
KEEP_ALIVE_SECONDS = 65  # longer than a client keeps an idle connection, so that no request meets a closing one

_FIELD = re.compile(r"[a-z][a-z_]{0,39}")


class BodyTooLargeError(ValueError):
    """The request holds more than one invocation may."""


def create_app(scorer: Scorer, most_cases: int = MOST_CASES) -> FastAPI:
    """The application around a loaded model. One request is scored at a time: it uses the threads there are."""
    app = FastAPI(title="Vigil triage", docs_url=None, redoc_url=None, openapi_url=None)
    one_at_a_time = threading.Lock()

    def score(request: ScoreRequest) -> bytes:
        with one_at_a_time:
            results = scorer.score(request.cases)
        return ScoreResponse(model_digest=scorer.digest, results=tuple(results)).model_dump_json().encode()

    @app.get("/ping")
    async def ping() -> dict[str, str]:
        return {"status": "ready", "model_digest": scorer.digest}

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            return _refuse(415, [{"field": "content-type", "problem": "must be application/json"}])
        try:
            # Strict: a number in quotes is an error to tell about, not a number.
            asked = ScoreRequest.model_validate_json(await _body(request), strict=True)
        except BodyTooLargeError as error:
            return _refuse(413, [{"field": "body", "problem": str(error)}])
        except ValidationError as error:
            return _refuse(400, _problems(error))
        if not asked.cases:
            return _refuse(400, [{"field": "cases", "problem": "at least one case"}])
        if len(asked.cases) > most_cases:
            return _refuse(413, [{"field": "cases", "problem": f"at most {most_cases} cases in one request"}])
        return Response(await run_in_threadpool(score, asked), media_type="application/json")

    return app


async def _body(request: Request) -> bytes:
    """The request's body. Reading stops at the limit, whatever the length that the client declared."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BodyTooLargeError(f"at most {MOST_BYTES} bytes in one request")
    return bytes(body)


def _refuse(status: int, errors: list[dict[str, str]]) -> JSONResponse:
    return JSONResponse({"errors": errors}, status_code=status)


def _problems(error: ValidationError) -> list[dict[str, str]]:
    """Where and what, without the values; pydantic's location, ``cases.0.age_years``."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return [{"field": _field(problem["loc"]), "problem": problem["msg"]} for problem in found[:MOST_ERRORS]]


def _field(location: tuple[int | str, ...]) -> str:
    """An unknown field's name is the client's own text: shown only where it looks like a name."""
    parts = (str(part) if isinstance(part, int) or _FIELD.fullmatch(part) else "?" for part in location)
    return ".".join(parts) or "body"


def serve(folder: Path, expected_digest: str, port: int, progress: Callable[[str], None]) -> int:
    """Load the model in ``folder`` and serve it on ``port`` until SIGTERM; requests in flight are finished.

    Raises ``ArtefactMismatchError`` before a port is opened when the model is not the approved one.
    """
    app = create_app(load_scorer(folder, expected_digest))
    progress(f"model {expected_digest[:12]} loaded")
    # Uvicorn, when it has drained, raises the signal again for whoever handled it before: that is a clean end here.
    signal.signal(signal.SIGTERM, _drained)
    config = uvicorn.Config(
        app,
        host="0.0.0.0",  # noqa: S104 - the platform reaches the container from outside
        port=port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run()
    progress("stopped")
    return 0 if server.started else 1


def _drained(_signal: int, _frame: Any) -> None:
    return None
