"""How the ledger looks in a terminal: records, chains, what verification found, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from vigil.audit.judging import Judged
from vigil.audit.models import Head
from vigil.audit.page import signatures_in, visible
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import Report
from vigil.moments import timestamp

Told = Callable[[str, int], None]
REFRESH_EVERY = 500  # records: often enough to see it move, seldom enough to cost nothing

ROWS_AT_ONCE = 50  # a screen: each has its own head, and nothing is kept
MOST_OF_A_TEXT = 500
DOES_NOT_HOLD = "this record does not hold: "
NO_RECORD = "it ends with what is no record: run `vigil audit verify`"

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_records(records: Iterable[Judged]) -> bool:
    """As they come, some at a time; whether all of them hold."""
    several, held, count = iter(records), True, 0
    while batch := list(islice(several, ROWS_AT_ONCE)):
        table = Table(
            Column("chain", overflow="fold"), Column("no.", justify="right"), Column("at (UTC)", no_wrap=True),
            Column("event", no_wrap=True), Column("who", overflow="fold"), Column("what", overflow="fold"),
            box=box.SIMPLE_HEAD,
        )  # fmt: skip
        for record in batch:
            it = record.document
            at = str(it.get("at", "?")).partition(".")[0].replace("T", " ")
            cells = (record.chain, record.number, at, it.get("event", "?"), _who(it), it.get("subject", "?"))
            table.add_row(*(Text(visible(cell)) for cell in cells), style="bold red" if record.problem else None)
        console.print(table)
        for record in batch:
            if record.problem:
                held = False
                place = visible(f"{record.chain}, record {record.number}: ")
                console.print(Text(place + DOES_NOT_HOLD + visible(record.problem), style="bold red"), soft_wrap=True)
                if not record.document:
                    console.print(Text(f"stored: {visible(record.text[:MOST_OF_A_TEXT])}"), soft_wrap=True)
        count += len(batch)
    if not count:
        console.print("No such record.")
    return held


def print_lines(records: Iterable[Judged]) -> bool:
    """One JSON object a line: the record, or, where it does not hold, why and what is stored; whether all hold."""
    held = True
    for each in records:
        shown = each.document
        if each.problem:
            held = False
            shown = {"chain": each.chain, "sequence": each.number, "does_not_hold": each.problem, "stored": each.text}
        typer.echo(json.dumps(shown))
    return held


def print_chains(ends: list[tuple[str, Head | None]], as_json: bool) -> None:
    """``None`` for a chain that ends with what is no record."""
    if as_json:
        broken = {"sequence": None, "hash": None, "does_not_hold": NO_RECORD}
        typer.echo(json.dumps([{"chain": chain, **(head.model_dump() if head else broken)} for chain, head in ends]))
        return
    table = Table(Column("chain", overflow="fold"), Column("records", justify="right"), "head", box=box.SIMPLE_HEAD)
    for chain, head in ends:
        shown = Text(head.hash) if head else Text(NO_RECORD, style="bold red")
        table.add_row(Text(visible(chain)), str(head.sequence) if head else "?", shown)
    console.print(table if ends else "The ledger is empty.")


def print_record(record: Judged) -> None:
    """Everything, and each signature with printed name, time and meaning (21 CFR 11.50(b))."""
    title = Text(visible(f"{record.chain}, record {record.number}"))
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if record.problem:
        table.add_row("", Text(DOES_NOT_HOLD + visible(record.problem), style="bold red"))
    it = record.document
    for name, value in (
        (
            ("event", it.get("event")),
            ("at", it.get("at")),
            ("who", _who(it) + (f", known by {it['actor'].get('via')}" if isinstance(it.get("actor"), dict) else "")),
            ("what", it.get("subject")),
            ("key", it.get("key")),
            ("old", _pretty(it.get("old"))),
            ("new", _pretty(it.get("new"))),
            ("details", _pretty(it.get("details") or None)),
            ("hash", it.get("hash")),
            ("follows", it.get("previous_hash")),
        )
        if it
        else (("stored", record.text),)
    ):
        table.add_row(name, Text(visible(value)))
    for signature in signatures_in([it.get("old"), it.get("new"), it.get("details")]):
        signed = f"{signature['printed_name']}, {signature['signed_at']}, {signature['meaning']}"
        table.add_row("signed", Text(visible(signed), style="red" if record.problem else "green"))
    console.print(table)


def _who(document: dict[str, Any]) -> str:
    actor = document.get("actor", "?")
    if not isinstance(actor, dict):
        return str(actor)
    return str(actor.get("name")) + ("" if actor.get("verified") is True else " (not verified)")


def print_report(report: Report, keys: PublicKeys, as_json: bool) -> None:
    if as_json:
        shown = report.model_dump(mode="json") | {"holds": not report.findings, "keys": keys.fingerprints()}
        typer.echo(json.dumps(shown, indent=1))
        return
    console.print(f"{report.records:,} records in {report.chains} chains, {report.checkpoints} checkpoints")
    newest = report.newest_checkpoint
    if newest is not None:
        console.print(f"newest checkpoint: {newest.number}:{newest.digest}, {timestamp(newest.at)}")
    for name, fingerprint in keys.fingerprints().items():
        console.print(f"key {name}: {fingerprint}", soft_wrap=True)
    if report.unsealed:
        console.print(f"{report.unsealed:,} records, since {report.unsealed_since}, are in no checkpoint yet")
    for chain, (first, last) in report.broken.items():
        span = f"checkpoint {first}" if first == last else f"checkpoints {first} to {last}"
        console.print(Text(visible(f"{chain} did not hold when {span} sealed what did"), style="yellow"))
    for warning in report.warnings:
        console.print(Text(visible(f"warning: {warning}"), style="bold yellow"))
    for finding in report.findings:
        console.print(Text(visible(finding), style="bold red"))
    if report.findings:
        good = f"checkpoint {report.last_good}" if report.last_good else "none"
        console.print(f"last good checkpoint: {good}")
    else:
        console.print(Text("The ledger holds.", style="bold green"))


@contextmanager
def progress() -> Iterator[Told]:
    """On standard error, so that standard output is the report's alone."""
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} records"))
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as shown:
        task = shown.add_task("verifying", total=None)

        def told(chain: str, count: int) -> None:
            if count % REFRESH_EVERY == 1:
                shown.update(task, description=chain, completed=count)

        yield told


def _pretty(value: object) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False, indent=1)
