"""Style, script and icon of the pages: our own files, served to anybody, as Airflow's are; none is elsewhere's."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

router = APIRouter()

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    # Pages name a file with its digest, so a copy is good for as long as it is asked for.
    "Cache-Control": "public, max-age=86400",
}


@router.get("/static/{name}", include_in_schema=False)
def static_file(name: str) -> Response:
    found = _files().get(name)
    if found is None:
        raise HTTPException(404, "there is no such file")
    content, media_type = found
    return Response(content, media_type=media_type, headers=HEADERS)


def address(base: str, name: str) -> str:
    """Where a page finds the file; another content is another address."""
    return f"{base}/static/{name}?v={hashlib.sha256(_files()[name][0]).hexdigest()[:12]}"


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    return {path.name: (path.read_bytes(), TYPES[path.suffix]) for path in FOLDER.iterdir() if path.suffix in TYPES}
