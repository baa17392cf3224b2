"""The live display of a journey: on a terminal a table that updates, elsewhere a line for each change."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from vigil.cli.demo.journey import Journey, Step

# "Step Functions · train-and-promote" and the longest name of a state fit.
NAME_CELLS = 36

_MARKS = {
    "waiting": Text("·", "dim"),
    "done": Text("✓", "bold green"),
    "failed": Text("✗", "bold red"),
    "skipped": Text("–", "dim"),
}


class JourneyDisplay:
    """Shows a journey while it is open. ``refresh`` is called after each observation."""

    def __init__(self, console: Console, journey: Journey) -> None:
        self._console = console
        self._journey = journey
        self._live: Live | None = None
        self._spinner = Spinner("dots", style="cyan")
        self._printed: dict[tuple[str, str], tuple[str, str]] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            # A new one each time: a Live that starts again overwrites what was printed since it stopped.
            self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._table)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refresh()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def refresh(self) -> None:
        """Show the journey as it is now."""
        if self._live is not None:
            self._live.refresh()
        else:
            self._print_changes()

    def _print_changes(self) -> None:
        for step in self._journey.steps:
            seen = (step.state, step.detail)
            if step.state == "waiting" or self._printed.get((step.stage, step.name)) == seen:
                continue
            self._printed[step.stage, step.name] = seen
            took = f" ({_took(step)})" if step.ended else ""
            detail = f": {step.detail}" if step.detail else ""
            self._console.print(
                f"[{step.state:>7}] {step.stage} · {step.name}{took}{detail}", markup=False, soft_wrap=True
            )

    def _table(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=1)
        grid.add_column(no_wrap=True, min_width=NAME_CELLS)
        grid.add_column(no_wrap=True, width=6, justify="right")
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for stage, steps in self._stages():
            if len(steps) > 1 and all(step.state in {"done", "skipped"} for step in steps):
                grid.add_row(_MARKS["done"], Text(stage, "bold"), Text(_span(steps), "dim"), "")
                continue
            grid.add_row("", Text(stage, "bold"), "", "")
            for step in steps:
                mark: RenderableType = self._spinner if step.state == "running" else _MARKS[step.state]
                grid.add_row(mark, Text("  " + step.name), Text(_took(step), "dim"), Text(step.detail, "dim"))
        return Group(grid)

    def _stages(self) -> list[tuple[str, list[Step]]]:
        """By stage, in the order of first steps. A finished one is shown as one line, so that all fits a screen."""
        stages: dict[str, list[Step]] = {}
        for step in self._journey.steps:
            stages.setdefault(step.stage, []).append(step)
        return list(stages.items())


def _span(steps: list[Step]) -> str:
    """From the first beginning to the last end."""
    begun = [step.started for step in steps if step.started]
    ended = [step.ended for step in steps if step.ended]
    return f"{(max(ended) - min(begun)).total_seconds():.0f} s" if begun and ended else ""


def _took(step: Step) -> str:
    seconds = step.seconds(datetime.now(UTC))
    return "" if seconds is None else f"{seconds:.0f} s"
