"""Airflow's window around a plugin's page, without Airflow: the same frame, restrictions, theme and address.

As Airflow 3.3.1 makes it: ``/plugin/<route>/<anything>`` shows the view's ``href`` in a frame whose sandbox allows
scripts, same origin and forms; the theme is a class of the outer document. The e2e tests use the real one.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

SHELL = """<!doctype html><html lang="en"><title>Airflow</title><body style="margin:0">
<script>document.documentElement.className = localStorage.getItem("theme") || "light"</script>
<iframe title="{title}" src="/vigil/{view}" style="border:0;width:100%;height:100vh"
  sandbox="allow-scripts allow-same-origin allow-forms"></iframe></body></html>"""


def surround(app: FastAPI) -> None:
    """Every view of ours that Airflow's navigation has."""

    @app.get("/plugin/{view}", response_class=HTMLResponse)
    @app.get("/plugin/{view}/{rest:path}", response_class=HTMLResponse)
    def shell(view: str, rest: str = "") -> str:
        return SHELL.format(title=view.capitalize(), view=view)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of ``app`` on this machine, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
