"""``vigil stack``: deploy the stack, and show its outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vigil.approvals.id_tokens import PROVIDER_ASKS_FOR_TWO
from vigil.aws import deployment
from vigil.aws.authentication_ports import NONE
from vigil.aws.images import ImageNotPinnedError
from vigil.aws.packages import PackageError
from vigil.cli.errors import told_plainly
from vigil.cli.plan_author import Deployed, PlanAuthorError, plan_changed_by
from vigil.cli.revision import code_revision

app = typer.Typer(no_args_is_help=True)

TOLD = (PackageError, ImageNotPinnedError, PlanAuthorError, deployment.DeploymentError)

StackName = Annotated[str, typer.Option("--stack", help="Name of the stack.", envvar="VIGIL_STACK")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def deploy(
    stack: StackName,
    registry_url: Annotated[str, typer.Option(help="Git URL of the DVC data registry.")],
    image: Annotated[str, typer.Option(help="URI of the pushed ML image with its digest: …/vigil-ml@sha256:….")],
    approval_timeout: Annotated[int | None, typer.Option(help="Seconds that an approval request stays open.")] = None,
    airflow_url: Annotated[str | None, typer.Option(help="Address of Airflow's UI, for links in mail.")] = None,
    mail_sender: Annotated[str | None, typer.Option(help="Verified SES address that reminders come from.")] = None,
    airflow_signers: Annotated[
        str | None,
        typer.Option(
            help='JSON object of Airflow user names to signers, where they differ: {"a": "b"}; {} for nobody.'
        ),
    ] = None,
    airflow_environment: Annotated[
        str | None, typer.Option(help="MWAA environment that retrainings after drift are asked of.")
    ] = None,
    monitoring_home: Annotated[
        str | None, typer.Option(help="What runs the monitors by themselves: scheduler (default) or model-monitor.")
    ] = None,
    shadow_seconds: Annotated[int | None, typer.Option(help="A shadow period shorter than the plan's.")] = None,
    canary_bake_seconds: Annotated[int | None, typer.Option(help="A canary shorter than the plan's.")] = None,
    signing_provider: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="ISSUER CLIENT JWKS-URI", help="An OpenID provider that signs people in, too."),
    ] = None,
    signing_acr: Annotated[
        str | None,
        typer.Option(
            help="What that provider's tokens must have in acr or amr, for two factors (mfa), or "
            f"{PROVIDER_ASKS_FOR_TWO}: it asks everybody for two each time, which nothing checks."
        ),
    ] = None,
    allow_unknown_plan_author: Annotated[
        bool, typer.Option(help="Deploy though git cannot tell who changed the plan: four eyes then cannot either.")
    ] = False,
    project: Annotated[Path, typer.Option(help="Checkout to deploy.", file_okay=False)] = Path(),
    as_json: AsJson = False,
) -> None:
    """Package the code of a checkout and create or update the stack from infra/template.yaml."""
    provider = _provider(signing_provider, signing_acr)
    with told_plainly("stack", *TOLD):
        package = deployment.build_package(project)
        last = deployment.parameters(stack)
        before = Deployed(last.get("CodeRevision", ""), last.get("PlanChangedBy", ""))
        changed_by, warning = plan_changed_by(project, before, allow_unknown_plan_author)
        if warning:
            typer.echo(f"vigil stack: {warning}", err=True)
        settings = deployment.StackSettings(
            stack=stack,
            registry_url=registry_url,
            code_revision=code_revision(project, package.lambda_code),
            image=image,
            plan_changed_by=changed_by,
            approval_timeout_seconds=approval_timeout,
            airflow_url=airflow_url,
            mail_sender=mail_sender,
            airflow_signers=airflow_signers,
            airflow_environment=airflow_environment,
            monitoring_home=monitoring_home,
            shadow_seconds=shadow_seconds,
            canary_bake_seconds=canary_bake_seconds,
            provider=provider,
        )
        _show(deployment.deploy(package, settings), as_json)


@app.command()
def outputs(stack: StackName, as_json: AsJson = False) -> None:
    """Show what the stack gives to others."""
    with told_plainly("stack", *TOLD):
        _show(deployment.outputs(stack), as_json)


def _provider(named: tuple[str, str, str] | None, acr: str | None) -> deployment.SigningProvider | None:
    """Each sign-in there is signed as one with two components (21 CFR 11.200(a)(1)): somebody must say why it is."""
    if named is None:
        if acr is not None:
            raise typer.BadParameter("--signing-acr is of a --signing-provider: give that too")
        return None
    if acr is None or acr in ("", NONE):
        raise typer.BadParameter(
            "give --signing-acr too: what the provider's tokens say of two factors (mfa, for example), or "
            f"{PROVIDER_ASKS_FOR_TWO} where it asks everybody for two each time"
        )
    return deployment.SigningProvider(*named, acr)


def _show(values: dict[str, str], as_json: bool) -> None:
    if as_json:
        print(json.dumps(values, indent=2, sort_keys=True))
        return
    for name, value in sorted(values.items()):
        print(f"{name}: {value}")
