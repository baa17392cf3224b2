"""The `vigil` command: sub-commands are added here and live in modules named after them."""

from __future__ import annotations

import importlib
import sys

import typer

app = typer.Typer(
    name="vigil",
    help="Triage of adverse-event reports: quarters, models, approvals.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Name on the command line → module with an `app`. Only the one that is called is imported, so that each starts fast.
SUBCOMMANDS = {
    "approvals": ("vigil.cli.approvals", "List, show, sign and verify approvals of candidate models."),
    "audit": ("vigil.cli.audit", "List, show, verify and export the ledger."),
    "cases": ("vigil.cli.cases", "Score a quarter's reports through the endpoint, and send their ground truth."),
    "datasets": ("vigil.cli.datasets", "List, show, compare, get and verify released dataset versions."),
    "models": ("vigil.cli.models", "List versions of the model, show what serves, ask for one to come back."),
    "drift": ("vigil.cli.drift", "List and show what was decided about drift, and override it."),
    "quarters": ("vigil.cli.quarters", "Land FAERS archives."),
    "people": ("vigil.cli.people", "Add, train, unlock and revoke people who may sign; choose a password."),
    "stack": ("vigil.cli.stack", "Deploy the stack and show its outputs."),
}
COMMANDS = {
    "synth": ("vigil.cli.synth", "synth"),
    "demo": ("vigil.cli.demo.command", "demo"),
    "demo-drift": ("vigil.cli.demo.command", "demo_drift"),
    "start": ("vigil.cli.demo.command", "start"),
    "stop": ("vigil.cli.demo.command", "stop"),
}


def _asked(arguments: list[str]) -> str | None:
    return next((word for word in arguments if not word.startswith("-")), None)


def build(arguments: list[str]) -> typer.Typer:
    """The application with what these arguments need; all of it where they ask for help."""
    asked = _asked(arguments)
    for name, (module, text) in SUBCOMMANDS.items():
        if asked in (None, name):
            app.add_typer(importlib.import_module(module).app, name=name, help=text)
    for name, (module, function) in COMMANDS.items():
        if asked is None or asked in COMMANDS:
            app.command(name)(getattr(importlib.import_module(module), function))
    if asked is not None and asked not in {*SUBCOMMANDS, *COMMANDS}:
        names = ", ".join([*SUBCOMMANDS, *COMMANDS])
        print(f"vigil: there is no command {asked!r}; there are: {names}", file=sys.stderr)
        raise SystemExit(2)
    return app


def main() -> None:
    build(sys.argv[1:])()
