"""Errors that a person can act on end a command in one message and an exit code, never in a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from vigil.cli.terminal_text import visible_lines

FAILED = 1


@contextmanager
def told_plainly(command: str, *kinds: type[Exception]) -> Iterator[None]:
    """Print errors of ``kinds``, and of AWS and its configuration, as ``command``'s; others pass.

    For a block, or as a decorator. An error's ``exit_code``, where it has one, is the command's.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from vigil.aws.environment import ConfigurationError

    try:
        yield
    except (ConfigurationError, BotoCoreError, ClientError, *kinds) as error:
        told = visible_lines(str(error)).replace("\n", "\n  ")  # no line of a message looks like one of the command's
        typer.echo(f"vigil {command}: {told}", err=True)
        raise typer.Exit(getattr(error, "exit_code", FAILED)) from None
