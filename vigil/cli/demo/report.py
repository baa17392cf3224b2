"""What the demo tells at its two stops: at the approval, and at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vigil.aws.environment import aws_client, load_parameters
from vigil.cli.demo.signers import Signer
from vigil.cli.demo.state import LocalState
from vigil.cli.evaluation_tables import print_evaluation
from vigil.models.models import Evaluation

# Invented reports, to show what an answer looks like. They describe nobody.
EXAMPLE_CASES: tuple[dict[str, Any], ...] = (
    {
        "case_id": "example-1",
        "reactions": ["acute kidney injury", "hypotension"],
        "drugs": ["lisinopril", "metformin", "furosemide"],
        "age_years": 78,
        "sex": "M",
    },
    {
        "case_id": "example-2",
        "reactions": ["injection site pain", "pruritus"],
        "drugs": ["dupilumab"],
        "age_years": 34,
        "sex": "F",
    },
    {"case_id": "example-3", "reactions": ["drug ineffective", "fatigue", "nausea"], "drugs": ["sertraline"]},
)


def announce_request(
    console: Console, request: dict[str, Any], airflow_url: str, signers: Sequence[Signer], state: LocalState
) -> None:
    """Say what there is to decide, who is to sign, and where: on the page, or with commands to copy."""
    vigil, request_id = _vigil(state), request["request_id"]
    lines = [
        f"\n[bold]A candidate waits for {len(signers)} signatures[/]: request {request_id}",
        f"  page    {airflow_url}{approval_page(request_id)}",
        f"  see     {vigil} approvals show {request_id}",
    ]
    for signer in signers:
        lines += [
            f"\n  {signer.role}: {signer.user}, password in {shown(state.password_file(signer.user))}",
            f"  sign    {vigil} approvals {signer.command} {request_id} {_as(signer, state)}",
            f"  reject  {vigil} approvals reject {request_id} --comment WHY {_as(signer, state)}",
        ]
    for line in [*lines, ""]:
        console.print(line, soft_wrap=True)


def approval_page(request_id: object) -> str:
    """Where Airflow's UI shows one request."""
    return f"/plugin/approvals/{request_id}"


def _vigil(state: LocalState) -> str:
    return "source " + shown(state.shell_variables) + " && .venv/bin/vigil"


def _as(signer: Signer, state: LocalState) -> str:
    return f"--user {signer.user} --password-file {shown(state.password_file(signer.user))}"


def print_outcome(
    console: Console, outcome: dict[str, Any], request: dict[str, Any] | None, airflow_url: str, state: LocalState
) -> None:
    """The evaluation, three cases scored, the addresses, and how to stop."""
    if request is not None:
        print_evaluation(console, _read_evaluation(request["facts"]["evaluation_uri"]))
    if outcome["status"] == "SUCCEEDED":
        _print_scores(console)
    if request is not None:
        address = f"{airflow_url}{approval_page(request['request_id'])}"
        console.print(f"\nSignatures {address}  (the page in Airflow's UI)", soft_wrap=True)
    password = shown(state.password_file("airflow-admin"))
    console.print(f"Airflow    {airflow_url}  (user admin, password in {password})", soft_wrap=True)
    console.print(f"AWS        {state.endpoint()}  (source {shown(state.shell_variables)})", soft_wrap=True)
    console.print("Stop       make stop", soft_wrap=True)


def _read_evaluation(uri: str) -> Evaluation:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return Evaluation.model_validate_json(aws_client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def _print_scores(console: Console) -> None:
    answer = aws_client("sagemaker-runtime").invoke_endpoint(
        EndpointName=load_parameters().sagemaker.endpoint,
        ContentType="application/json",
        Body=json.dumps({"cases": EXAMPLE_CASES}),
    )
    scored = json.loads(answer["Body"].read())
    table = Table(title=f"Three invented cases, scored by model {scored['model_digest'][:12]}")
    for heading in ("case", "serious", "", "what moved it"):
        table.add_column(heading)
    for result in scored["results"]:
        terms = ", ".join(f"{term['term']} {term['effect']:+.2f}" for term in result["terms"][:4])
        spread = f"± {result['uncertainty']:.2f}"
        bar = "█" * round(result["probability"] * 20)
        table.add_row(result["case_id"], f"{result['probability']:.2f} {spread}", bar, terms)
    console.print(table)


def shown(path: Path) -> str:
    """Relative to the working folder where it lies below it, as a person would type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
