"""Errors that a person can act on end a command in one message and exit code 1, never in a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def told_plainly(command: str, *kinds: type[Exception]) -> Iterator[None]:
    """Print errors of ``kinds``, and of AWS and its configuration, as ``command``'s; others pass."""
    from botocore.exceptions import BotoCoreError, ClientError

    from vigil.aws.environment import ConfigurationError

    try:
        yield
    except (ConfigurationError, BotoCoreError, ClientError, *kinds) as error:
        typer.echo(f"vigil {command}: {error}", err=True)
        raise typer.Exit(1) from None
