"""Errors that a person can act on end a command in one message and an exit code, never in a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from vigil.cli.asking import DeclinedError
from vigil.cli.terminal_text import visible_lines

if TYPE_CHECKING:
    from pydantic import ValidationError

FAILED = 1
MOST_PROBLEMS = 3  # of an answer that does not fit, told


@contextmanager
def told_plainly(command: str, *kinds: type[Exception]) -> Iterator[None]:
    """Print errors of ``kinds``, and of AWS and its configuration, as ``command``'s; others pass.

    For a block, or as a decorator. An error's ``exit_code``, where it has one, is the command's. What people gave is
    held to its limits before (``asking.given``): what does not fit a type here is an answer of the stack.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from pydantic import ValidationError

    from vigil.aws.environment import ConfigurationError

    try:
        yield
    except (ConfigurationError, BotoCoreError, ClientError, DeclinedError, *kinds) as error:
        _tell(command, str(error))
        raise typer.Exit(getattr(error, "exit_code", FAILED)) from None
    except ValidationError as error:
        _tell(command, f"not as this version of vigil expects, so read nothing into it: {_problems(error)}")
        raise typer.Exit(FAILED) from None


def _tell(command: str, message: str) -> None:
    told = visible_lines(message).replace("\n", "\n  ")  # no line of a message looks like one of the command's
    typer.echo(f"vigil {command}: {told}", err=True)


def _problems(error: ValidationError) -> str:
    """Fields, never what is in them: it may be a secret."""
    found = error.errors(include_input=False, include_url=False, include_context=False)[:MOST_PROBLEMS]
    return f"{error.title}: " + "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
