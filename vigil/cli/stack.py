"""``vigil stack``: deploy the stack, show its outputs, add approvers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vigil.aws import approvers, deployment
from vigil.aws.images import ImageNotPinnedError
from vigil.aws.packages import PackageError
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password
from vigil.cli.revision import code_revision

app = typer.Typer(no_args_is_help=True)

TOLD = (PackageError, ImageNotPinnedError, deployment.DeploymentError, PasswordSourceError)

StackName = Annotated[str, typer.Option("--stack", help="Name of the stack.", envvar="VIGIL_STACK")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def deploy(
    stack: StackName,
    registry_url: Annotated[str, typer.Option(help="Git URL of the DVC data registry.")],
    image: Annotated[str, typer.Option(help="URI of the pushed ML image with its digest: …/vigil-ml@sha256:….")],
    approval_timeout: Annotated[int | None, typer.Option(help="Seconds that an approval request stays open.")] = None,
    airflow_signers: Annotated[
        str | None, typer.Option(help='JSON object of Airflow user names to signers, where they differ: {"a": "b"}.')
    ] = None,
    project: Annotated[Path, typer.Option(help="Checkout to deploy.", file_okay=False)] = Path(),
    as_json: AsJson = False,
) -> None:
    """Package the code of a checkout and create or update the stack from infra/template.yaml."""
    with told_plainly("stack", *TOLD):
        package = deployment.build_package(project)
        settings = deployment.StackSettings(
            stack=stack,
            registry_url=registry_url,
            code_revision=code_revision(project, package.lambda_code),
            image=image,
            approval_timeout_seconds=approval_timeout,
            airflow_signers=airflow_signers,
        )
        _show(deployment.deploy(package, settings), as_json)


@app.command()
def outputs(stack: StackName, as_json: AsJson = False) -> None:
    """Show what the stack gives to others."""
    with told_plainly("stack", *TOLD):
        _show(deployment.outputs(stack), as_json)


@app.command()
def add_approver(
    user: Annotated[str, typer.Argument(help="User name, as typed when signing.")],
    printed_name: Annotated[str, typer.Option(help="The name that a signature shows.")],
    password_file: Annotated[Path, typer.Option(help="Read the password from this file, which only you may read.")],
    role: Annotated[str, typer.Option(help="A role that change_control/plan.yaml lets sign.")],
) -> None:
    """Add a person to the approvers of the stack that VIGIL_STACK names."""
    with told_plainly("stack", *TOLD):
        password = read_password(password_file, from_stdin=False)
        created = approvers.add_approver(user, printed_name, password.get_secret_value(), role)
    print(f"{user} {'was added as an approver' if created else 'was there already: name and password were set'}")


def _show(values: dict[str, str], as_json: bool) -> None:
    if as_json:
        print(json.dumps(values, indent=2, sort_keys=True))
        return
    for name, value in sorted(values.items()):
        print(f"{name}: {value}")
