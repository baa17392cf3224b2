"""`vigil datasets`: list, show, compare, get and verify released dataset versions; write the page about the data."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigil.cli.errors import told_plainly

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables.")]
DIFFERENT = 1
RECORDS = ("dataset.json", "profile.json", "quality.json")  # what `show` reads of a version
DOCUMENT = Path("docs/data.md")


@app.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """List all released versions, oldest first."""
    from vigil.aws.releases import list_releases
    from vigil.cli.dataset_tables import print_releases

    releases = list_releases()
    if as_json:
        typer.echo(json.dumps([record.model_dump(mode="json") for record in releases], indent=1))
    elif releases:
        print_releases(console, releases)
    else:
        console.print("Nothing was released yet: run build_dataset in Airflow.")


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="The version, its first characters, or a folder with its files.")],
    as_json: AsJson = False,
) -> None:
    """Show what a version was made of, what quality found, and how its columns are distributed."""
    from vigil.cli.dataset_tables import print_version
    from vigil.datasets.models import DESCRIPTION_FILE, PROFILE_FILE, QUALITY_FILE

    with _files_of(version, "datasets show", with_cases=False) as folder:
        if as_json:
            files = (DESCRIPTION_FILE, PROFILE_FILE, QUALITY_FILE)
            typer.echo(json.dumps({name: json.loads((folder / name).read_bytes()) for name in files}, indent=1))
        else:
            print_version(console, folder)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A version, its first characters, or a folder with its files.")],
    after: Annotated[str, typer.Argument(help="Another one.")],
    ids: Annotated[bool, typer.Option("--ids", help="Name the first case ids of each kind.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help=f"End with {DIFFERENT} where they differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: cases in, out and changed; schema; distributions."""
    from vigil.cli.dataset_tables import print_diff
    from vigil.datasets.diff import diff_versions

    with (
        _files_of(before, "datasets diff") as old,
        _files_of(after, "datasets diff") as new,
        tempfile.TemporaryDirectory(prefix="vigil-diff-") as spill,
    ):
        found = diff_versions(old, new, Path(spill))
    if as_json:
        hidden = {} if ids else {kind: {"first_ids"} for kind in ("came", "went", "changed")}
        typer.echo(found.model_dump_json(indent=1, exclude=hidden))
    else:
        print_diff(console, found, ids)
    if exit_code and not found.is_empty:
        raise typer.Exit(DIFFERENT)


@app.command()
def document(
    check: Annotated[
        bool, typer.Option("--check", help=f"Write nothing; end with {DIFFERENT} if it is stale.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The page to write.")] = DOCUMENT,
) -> None:
    """Write the page about the data from the files that the pipeline reads."""
    from vigil.datasets.document import document as text

    if check:
        if not out.is_file() or out.read_text(encoding="utf-8") != text():
            typer.echo(f"{out} is stale: run `vigil datasets document`", err=True)
            raise typer.Exit(DIFFERENT)
        return
    out.write_text(text(), encoding="utf-8")
    typer.echo(f"wrote {out}")


@app.command()
def get(
    version: Annotated[str, typer.Argument(help="The version, or its first 12 characters.")],
    out: Annotated[Path, typer.Option(help="Folder to write, which must not exist yet.")],
) -> None:
    """Download a released version as it was released, even if objects were overwritten since, and verify it."""
    from vigil.aws.dataset_release import ReleaseError, stack_registry
    from vigil.datasets.manifest import ManifestError
    from vigil.datasets.models import DATASET_NAME
    from vigil.datasets.registry import RegistryError

    if out.exists():
        raise typer.BadParameter(f"{out} exists already: name a new folder")
    with told_plainly("datasets get", RegistryError, ReleaseError, ManifestError):
        stack_registry().get(DATASET_NAME, version, out)
        _print_verified(out)


@app.command()
def verify(folder: Annotated[Path, typer.Argument(help="A dataset version's files, its manifest among them.")]) -> None:
    """Compare a folder with its manifest, file by file."""
    from vigil.datasets.manifest import ManifestError

    with told_plainly("datasets verify", ManifestError):
        _print_verified(folder)


@contextmanager
def _files_of(version: str, command: str, with_cases: bool = True) -> Iterator[Path]:
    """A folder with a version's files, verified: the one that was named, or a copy that goes with the block."""
    from vigil.aws.objects import ObjectError, S3Uri, get_file, get_prefix
    from vigil.aws.releases import ReleaseNotFoundError, find_release
    from vigil.datasets import manifest

    if Path(version).is_dir():
        with told_plainly(command, manifest.ManifestError):
            manifest.verify(Path(version), manifest.read(Path(version)))
        yield Path(version)
        return
    with tempfile.TemporaryDirectory(prefix="vigil-dataset-") as temporary:
        folder = Path(temporary)
        with told_plainly(command, ReleaseNotFoundError, ObjectError, manifest.ManifestError):
            record = find_release(version)
            prefix = S3Uri.parse(record.prefix)
            if with_cases:
                get_prefix(prefix, folder)
            else:
                for name in (manifest.MANIFEST_FILE, *RECORDS):
                    get_file(prefix / name, folder / name)
            released = manifest.read(folder)
            if released.version != record.version:
                raise manifest.ManifestError(f"what lies at {prefix} is not {record.version}: use `vigil datasets get`")
            kept = tuple(entry for entry in released.files if with_cases or entry.path in RECORDS)
            manifest.verify(folder, released.model_copy(update={"files": kept}))
        yield folder


def _print_verified(folder: Path) -> None:
    from vigil.datasets import manifest

    released = manifest.read(folder)
    manifest.verify(folder, released)
    table = Table(title=f"Dataset version {released.version}: verified", title_justify="left")
    table.add_column("file")
    table.add_column("bytes", justify="right")
    table.add_column("SHA-256")
    for entry in released.files:
        table.add_row(entry.path, f"{entry.size:,}", entry.sha256[: manifest.SHORT_LENGTH])
    console.print(table)
