"""The server's own log in its state folder: the newest file and a few older ones, never more."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from local_aws.settings import ServerSettings

NAME = "server.log"
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def keep_log(state_dir: Path) -> logging.Handler:
    """Whatever is logged goes to ``server.log`` as well; close the handler with ``drop_log``."""
    settings = ServerSettings.from_environment()
    handler = RotatingFileHandler(state_dir / NAME, maxBytes=int(settings.log_mb * 1e6), backupCount=settings.log_files)
    handler.setFormatter(logging.Formatter(FORMAT))
    # A full disk must not fill stderr with tracebacks about the log itself.
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    return handler


def drop_log(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    handler.close()
