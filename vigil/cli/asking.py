"""What people give to a command: asked for where it is missing, and held to its limits before anything else is done.

Questions go to standard error, so that standard output holds nothing but what a program reads there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

YES = ("y", "yes")

Given = Callable[[typer.Context, typer.CallbackParam, str | None], str | None]


class DeclinedError(Exception):
    """A person was asked back and did not say yes: nothing was done."""

    exit_code = 22


def given(longest: int, ask: str | None = None, shortest: int = 0) -> Given:
    """A callback for an option or an argument of ``shortest`` to ``longest`` characters. Another value is wrong usage,
    and the answer names the option. ``ask``: the question for a person who left it out; its default is then "".
    """

    def checked(context: typer.Context, parameter: typer.CallbackParam, value: str | None) -> str | None:
        source = context.get_parameter_source(str(parameter.name))
        if ask is not None and source is not None and source.name == "DEFAULT":
            value = _answer(f"{ask}: ")
        if value is not None:
            _refuse_unfit(value, shortest, longest)
        return value

    return checked


def require_yes(question: str) -> None:
    """Ask back. Raises ``DeclinedError`` unless the answer is yes; no answer is none."""
    try:
        answer = _answer(f"{question} [y/N]: ")
    except typer.BadParameter:
        answer = ""
    if answer.strip().lower() not in YES:
        raise DeclinedError("you did not say yes: nothing was done")


def _answer(question: str) -> str:
    typer.echo(question, nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        typer.echo(err=True)
        raise typer.BadParameter("nobody is here to ask: give it")
    return line.rstrip("\r\n")


def _refuse_unfit(value: str, shortest: int, longest: int) -> None:
    """What it says is not repeated: it may be long, and hold what a terminal acts on."""
    if not shortest <= len(value) <= longest:
        needed = f"up to {longest:,}" if not shortest else f"{shortest:,} to {longest:,}"
        raise typer.BadParameter(f"{len(value):,} characters, where it has {needed}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("it holds bytes that are no text in UTF-8") from None


def option(name: str, text: str, longest: int, ask: str | None = None, shortest: int = 0) -> Any:
    """Text that somebody gives as the option ``name``, held to its limits (``given``)."""
    return typer.Option(name, help=text, show_default=False, callback=given(longest, ask, shortest))


def argument(name: str, text: str, longest: int) -> Any:
    """The same for an argument, which may not be empty."""
    return typer.Argument(metavar=name, help=text, callback=given(longest, shortest=1))
