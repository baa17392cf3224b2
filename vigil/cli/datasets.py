"""`vigil datasets`: get a released dataset version, and check that files are what was released."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigil.cli.errors import told_plainly

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)


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
