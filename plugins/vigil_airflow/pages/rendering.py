"""Templates and the headers that every answer of the pages carries."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from vigil.approvals import words
from vigil.monitoring.svg import percent
from vigil_airflow.pages import static_files
from vigil_airflow.pages.approvals import wording

HEADERS = {
    # No inline script or style anywhere. Plots are images by data: URL, which can run and load nothing.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: under it browsers send `Origin: null` with our own forms (Fetch standard, "append a request
    # Origin header"), and the check of where a form comes from would have nothing to go by. Others get nothing.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), publickey-credentials-get=()",
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    base = base_path(request)
    text = (
        _templates()
        .get_template(template)
        .render(base=base, asset=lambda name: static_files.address(base, name), **values)
    )
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def base_path(request: Request) -> str:
    """Where the plugin is mounted, below whatever prefix Airflow itself is served under."""
    return str(request.scope.get("root_path", "")).rstrip("/")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("vigil_airflow.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "moment",
        "distance",
        "interval",
        "signed_interval",
        "model_name",
        "asker",
        "role_name",
        "sentence",
        "told",
    ):
        environment.filters[name] = getattr(wording, name)
    environment.filters["percent"] = percent
    environment.filters["in_words"] = words.in_words
    environment.filters["criterion_title"] = words.criterion_title
    environment.globals.update(
        meanings=wording.MEANINGS,
        rollback_meanings=wording.ROLLBACK_MEANINGS,
        measures=words.MEASURES,
        parts=words.PARTS,
        statuses=wording.STATUSES,
        outcomes=wording.OUTCOMES,
        stake=wording.STAKE,
        nothing=wording.NOTHING,
        no_signer=wording.NO_SIGNER,
    )
    return environment
