"""`vigil audit`: read the ledger, verify it, and make copies of it for an inspector."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from vigil.audit.checkpoint_chain import Known
from vigil.audit.completeness import against_manifest
from vigil.audit.events import EventName
from vigil.audit.export import MANIFEST, ExportError, FolderSource
from vigil.audit.judging import Judged, judged
from vigil.audit.models import Head, model_chain
from vigil.audit.signatures import ANY, PublicKeyError, PublicKeys
from vigil.audit.verify import ExitCode, Report, verify_ledger
from vigil.cli import audit_tables
from vigil.cli.errors import told_plainly

UNKNOWN = 5
EXIT_CODES = """
Exit codes: 0 done, or the ledger holds; 1 failed: nothing is said about the ledger; 2 wrong usage; 3 a record was
altered, dropped, reordered, forked or cut off; 4 the records hold, the checkpoints do not; 5 no such chain or record.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables.")]
Chains = Annotated[list[str] | None, typer.Option("--chain", help="Only this chain; may be repeated.")]
Run = Annotated[str | None, typer.Option("--run", help="Only the chain of this run's model.")]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.")]

_told_plainly = told_plainly("audit", ExportError, PublicKeyError)


@app.command("list")
@_told_plainly
def list_records(
    chain: Chains = None,
    run: Run = None,
    event: Annotated[list[EventName] | None, typer.Option(help="Only these events; may be repeated.")] = None,
    since: Moment = None,
    until: Moment = None,
    chains: Annotated[bool, typer.Option("--chains", help="List the chains and how long they are.")] = False,
    as_json: AsJson = False,
) -> None:
    """List records, chain by chain, in their order. With --json in full: that such a copy was made is recorded."""
    from vigil.aws.audit_export import record_copy
    from vigil.aws.audit_ports import stack_ledger
    from vigil.aws.environment import load_parameters
    from vigil.aws.ledger_table import LedgerDamagedError

    ledger = stack_ledger(load_parameters())
    wanted = _wanted(chain, run) or ledger.known_chains()
    if chains:
        ends: list[tuple[str, Head | None]] = []
        for each in wanted:
            try:
                ends.append((each, ledger.table.head(each)))
            except LedgerDamagedError:
                ends.append((each, None))
        audit_tables.print_chains(ends, as_json)
        raise typer.Exit(int(ExitCode.RECORDS if any(head is None for _, head in ends) else ExitCode.HOLDS))
    if as_json:  # the records in full are a copy of them, like an export
        record_copy(load_parameters(), _wanted(chain, run), {"as": "lines of `vigil audit list --json`"})
    records = (record for each in wanted for record in judged(each, ledger.stored(each)))
    found = (record for record in records if record.problem or _within(record, event, since, until))
    held = audit_tables.print_lines(found) if as_json else audit_tables.print_records(found)
    raise typer.Exit(int(ExitCode.HOLDS if held else ExitCode.RECORDS))


@app.command()
@_told_plainly
def show(
    chain: Annotated[str, typer.Argument(help="The chain, as `list` shows it.")],
    sequence: Annotated[int, typer.Argument(min=1, help="The record's number in it.")],
    as_json: AsJson = False,
) -> None:
    """Show one record in full, with the signatures in it."""
    from vigil.aws.audit_ports import ledger_table
    from vigil.aws.environment import load_parameters

    before = max(sequence - 2, 0)  # with the record before it, whose hash it must name
    found = judged(chain, ledger_table(load_parameters()).stored(chain, before), before)
    record = next((each for each in found if each.number >= sequence), None)
    if record is None or record.number != sequence:
        typer.echo(f"vigil audit: there is no record {sequence} in the chain {chain}: see `vigil audit list`", err=True)
        raise typer.Exit(UNKNOWN)
    audit_tables.print_lines([record]) if as_json else audit_tables.print_record(record)
    raise typer.Exit(int(ExitCode.RECORDS if record.problem else ExitCode.HOLDS))


@app.command(epilog=EXIT_CODES)
@_told_plainly
def verify(
    folder: Annotated[Path | None, typer.Option("--from", help="Verify an export in this folder, offline.")] = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(help="Trust this key (PEM or DER), those in this folder, and no other; repeatable."),
    ] = None,
    chain: Chains = None,
    run: Run = None,
    known: Annotated[
        str | None, typer.Option(help="A checkpoint that was written down, NUMBER:DIGEST; it must be there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify hashes, order, links and checkpoints; name the first record that does not hold."""
    only, expected = _wanted(chain, run), _known(known)
    with audit_tables.progress() as progress:
        if folder is None:
            report, keys = _verify_online(public_key, only, expected, progress)
        else:
            report, keys = _verify_folder(folder, public_key, only, expected, progress)
    if only and not report.records and not report.findings:
        typer.echo(f"vigil audit: there is no chain {', '.join(only)}: see `vigil audit list --chains`", err=True)
        raise typer.Exit(UNKNOWN)
    audit_tables.print_report(report, keys, as_json)
    raise typer.Exit(int(report.exit_code))


@app.command(epilog=EXIT_CODES)
@_told_plainly
def export(
    out: Annotated[Path, typer.Option(help="Folder to write, which must not exist yet.")],
    chain: Chains = None,
    run: Run = None,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger for people (HTML) and machines (JSON Lines). That it was exported is recorded first."""
    from vigil.aws.audit_export import export_stack
    from vigil.aws.environment import load_parameters

    if out.exists():
        raise typer.BadParameter(f"{out} exists already: name a new folder")
    manifest = export_stack(load_parameters(), out, _wanted(chain, run))
    if as_json:
        typer.echo(manifest.model_dump_json(indent=1))
    else:
        typer.echo(f"wrote {sum(manifest.chains.values())} records of {len(manifest.chains)} chains to {out}")


def _verify_online(
    public_key: list[Path] | None, only: list[str], known: Known | None, progress: audit_tables.Told
) -> tuple[Report, PublicKeys]:
    from vigil.aws.audit_ports import checkpoint_key, stack_ledger
    from vigil.aws.environment import load_parameters

    parameters = load_parameters()
    keys = _given(public_key) if public_key else PublicKeys(checkpoint_key(parameters))
    source = stack_ledger(parameters)
    markers = source.table.markers()
    return verify_ledger(source, keys, only=only, known=known, markers=markers, progress=progress), keys


def _verify_folder(
    folder: Path, public_key: list[Path] | None, only: list[str], known: Known | None, progress: audit_tables.Told
) -> tuple[Report, PublicKeys]:
    source = FolderSource(folder)
    if public_key is None:
        typer.echo("vigil audit: trusting the key in the folder itself: compare its fingerprint", err=True)
    keys = _given(public_key) if public_key else PublicKeys(source.keys().checkpoint)
    manifest = source.manifest()
    if manifest is not None and not manifest.complete and not only:
        typer.echo("vigil audit: this export holds only some chains: the others are not looked at", err=True)
        only = sorted({*manifest.chains, *source.chains()})
    report = verify_ledger(source, keys, only=only, known=known, progress=progress)
    if manifest is None:
        typer.echo(f"vigil audit: {folder} has no {MANIFEST}: whether its end is missing cannot be told", err=True)
        return report, keys
    return against_manifest(report, source, manifest, only), keys


def _given(paths: list[Path]) -> PublicKeys:
    files = [each for path in paths for each in (sorted(path.iterdir()) if path.is_dir() else [path])]
    try:
        keys = {f"{ANY}{path}" if len(files) > 1 else ANY: path.read_bytes() for path in files}
    except OSError as error:
        raise PublicKeyError(f"{error.filename} cannot be read: {error.strerror}") from error
    return PublicKeys(keys)


def _wanted(chains: list[str] | None, run: str | None) -> list[str]:
    return [*(chains or []), *([model_chain(run)] if run else [])]


def _known(text: str | None) -> Known | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise typer.BadParameter("--known takes NUMBER:DIGEST, as `vigil audit verify` prints it")
    return Known(int(number), digest)


def _within(record: Judged, events: list[EventName] | None, since: datetime | None, until: datetime | None) -> bool:
    """A record without a time that can be read is shown whatever was asked for."""
    if events and record.document.get("event") not in events:
        return False
    try:
        at = datetime.fromisoformat(record.document["at"])
        return (since is None or at >= since.replace(tzinfo=UTC)) and (until is None or at < until.replace(tzinfo=UTC))
    except (ValueError, TypeError):
        return True
