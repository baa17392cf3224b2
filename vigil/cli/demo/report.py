"""What the demo tells at its two stops: at the approval, and at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vigil.aws.environment import aws_client, load_parameters
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
    console: Console, request: dict[str, Any], airflow_url: str, approver: str, state: LocalState
) -> None:
    """Say what there is to decide and where, in commands to copy."""
    vigil = "source " + _shown(state.shell_variables) + " && .venv/bin/vigil approvals"
    signer = f"--user {approver} --password-file {_shown(state.password_file(approver))}"
    console.print(f"\n[bold]A candidate waits for a signature[/]: request {request['request_id']}", soft_wrap=True)
    console.print(f"  see     {vigil} show {request['request_id']}", soft_wrap=True)
    console.print(f"  sign    {vigil} approve {request['request_id']} {signer}", soft_wrap=True)
    console.print(f"  reject  {vigil} reject {request['request_id']} {signer} --comment WHY", soft_wrap=True)
    console.print(f"  Airflow {airflow_url}/dags/train_model\n", soft_wrap=True)


def print_outcome(
    console: Console, outcome: dict[str, Any], request: dict[str, Any] | None, airflow_url: str, state: LocalState
) -> None:
    """The evaluation, three cases scored, the addresses, and how to stop."""
    if request is not None:
        print_evaluation(console, _read_evaluation(request["facts"]["evaluation_uri"]))
    if outcome["status"] == "SUCCEEDED":
        _print_scores(console)
    password = _shown(state.password_file("airflow-admin"))
    console.print(f"\nAirflow    {airflow_url}  (user admin, password in {password})", soft_wrap=True)
    console.print(f"AWS        {state.endpoint()}  (source {_shown(state.shell_variables)})", soft_wrap=True)
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


def _shown(path: Path) -> str:
    """Relative to the working folder where it lies below it, as a person would type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
