"""Script and style of the tab: our own files, served to anybody, as Airflow's are. Nothing comes from elsewhere.

The address holds a digest over all of them, so modules that name each other by relative addresses are of one version.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

router = APIRouter()

FOLDER = Path(__file__).resolve().parents[1] / "static" / "state_machine"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "public, max-age=604800, immutable",
}


@router.get("/state-machine-files/{version}/{name}", include_in_schema=False)
def static_file(version: str, name: str) -> Response:
    found = _files().get(name)
    if found is None or version != files_version():
        raise HTTPException(404, "there is no such file")
    content, media_type = found
    return Response(content, media_type=media_type, headers=HEADERS)


@cache
def files_version() -> str:
    named = b"".join(name.encode() + content for name, (content, _) in sorted(_files().items()))
    return hashlib.sha256(named).hexdigest()[:16]


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    return {path.name: (path.read_bytes(), TYPES[path.suffix]) for path in FOLDER.iterdir() if path.suffix in TYPES}
