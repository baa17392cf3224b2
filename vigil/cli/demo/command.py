"""`vigil demo`, `vigil demo-drift`, `vigil start` and `vigil stop`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from vigil.cli.demo import drift, services
from vigil.cli.demo import run as job
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.state import DemoError, LocalState

# As a shell reports a command that SIGINT ended: 128 + 2.
INTERRUPTED = 130

StateDir = Annotated[Path, typer.Option("--state-dir", help="Folder for all that the stack on this machine keeps.")]


def demo(
    state_dir: StateDir = Path(".vigil"),
    archive: Annotated[
        list[Path] | None,
        typer.Option("--archive", exists=True, help="A FAERS quarter (zip or folder); repeat for more."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Quality profile: full, openfda-sample or synthetic. Default: by the archives' names."),
    ] = None,
    approve_as: Annotated[
        str | None,
        typer.Option(help="Sign unattended as NAME-ROLE for each role that must sign, made here; loopback only."),
    ] = None,
) -> None:
    """Carry quarters to a signed-off model in service. Leaves the stack running; `vigil stop` ends it."""
    state, console = LocalState(state_dir.absolute()), Console(highlight=False)
    archives = archive or []
    options = job.Options(archives, profile or _profile_of(archives), approve_as)
    signal.signal(signal.SIGTERM, _interrupt)
    with _ended_well(state, console):
        job.run(state, options, console)


def demo_drift(
    state_dir: StateDir = Path(".vigil"),
    approve_as: Annotated[
        str | None,
        typer.Option(help="Sign unattended as NAME-ROLE for each role that must sign, made here; loopback only."),
    ] = None,
) -> None:
    """After the main job, a quarter that drifted: monitored, decided on, retrained, signed for, in service."""
    state, console = LocalState(state_dir.absolute()), Console(highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)
    with _ended_well(state, console):
        drift.run(state, drift.DriftOptions(approve_as), console)


def start(state_dir: StateDir = Path(".vigil")) -> None:
    """Start the services of an earlier demo again, with everything they held."""
    state, console = LocalState(state_dir.absolute()), Console(highlight=False)
    started = services.start(state, Journey())
    console.print(f"local_aws  {started.aws_url}\nAirflow    {started.airflow_url}")


def stop(state_dir: StateDir = Path(".vigil")) -> None:
    """End everything that `vigil demo` or `vigil start` started."""
    console = Console(highlight=False)
    if not state_dir.exists():
        console.print("Nothing was ever started here.")
        return
    stopped = services.stop(LocalState(state_dir.absolute()))
    console.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@contextmanager
def _ended_well(state: LocalState, console: Console) -> Iterator[None]:
    """A fault leaves the services for a look; an interruption leaves nothing."""
    try:
        yield
    except DemoError as error:
        console.print(f"\n[bold red]The demo stopped.[/] {error}")
        console.print(f"Logs: {state.logs}. The services still run, for you to look; end them with: make stop")
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        _stop_undisturbed(state, console)
        raise typer.Exit(INTERRUPTED) from error


def _profile_of(archives: list[Path]) -> str:
    """Real full quarters are judged by ``full``; samples and synthetic ones by bounds that fit them."""
    if not archives:
        return "synthetic"
    return "openfda-sample" if any("sample" in archive.name for archive in archives) else "full"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop_undisturbed(state: LocalState, console: Console) -> None:
    """A second Ctrl-C must not leave half of the processes behind."""
    console.print("\nStopping everything that the demo started ...")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    services.stop(state)
    console.print("Nothing is left running. `make demo` starts again.")
