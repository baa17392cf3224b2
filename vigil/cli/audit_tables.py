"""How the ledger looks in a terminal: records, chains, what verification found, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from vigil.audit.models import Head, Record
from vigil.audit.page import signatures_in, visible
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import Report
from vigil.moments import timestamp

Told = Callable[[str, int], None]
REFRESH_EVERY = 500  # records: often enough to see it move, seldom enough to cost nothing

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_records(records: Iterable[Record]) -> None:
    table = Table(
        Column("chain", overflow="fold"), Column("no.", justify="right"), Column("at (UTC)", no_wrap=True),
        Column("event", no_wrap=True), Column("who", overflow="fold"), Column("what", overflow="fold"),
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for record in records:
        who = record.actor.name if record.actor.verified else f"{record.actor.name} (not verified)"
        table.add_row(
            record.chain, str(record.sequence), f"{record.at:%Y-%m-%d %H:%M:%S}", record.event.value,
            Text(visible(who)), Text(visible(record.subject)),
        )  # fmt: skip
    console.print(table if table.row_count else "No such record.")


def print_chains(heads: list[Head], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([head.model_dump() for head in heads], indent=1))
        return
    table = Table(Column("chain", overflow="fold"), Column("records", justify="right"), "head", box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_row(head.chain, str(head.sequence), head.hash)
    console.print(table if heads else "The ledger is empty.")


def print_record(record: Record) -> None:
    """Everything, and each signature with printed name, time and meaning (21 CFR 11.50(b))."""
    table = Table(title=f"{record.chain}, record {record.sequence}", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    known = "" if record.actor.verified else " (not verified)"
    for name, value in (
        ("event", record.event.value),
        ("at", timestamp(record.at)),
        ("who", f"{record.actor.name}{known}, known by {record.actor.via}"),
        ("what", record.subject),
        ("key", record.key),
        ("old", _pretty(record.old)),
        ("new", _pretty(record.new)),
        ("details", _pretty(record.details or None)),
        ("hash", record.hash),
        ("follows", record.previous_hash),
    ):
        table.add_row(name, Text(visible(value)))
    for signature in signatures_in([record.old, record.new, record.details]):
        signed = f"{signature['printed_name']}, {signature['signed_at']}, {signature['meaning']}"
        table.add_row("signed", Text(visible(signed), style="green"))
    console.print(table)


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
