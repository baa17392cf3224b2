"""What the demo tells at its two stops: at the approval, and at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vigil.aws.environment import aws_client, load_parameters
from vigil.cli.demo.state import LocalState
from vigil.models.models import Evaluation, Measure, Split, SplitEvaluation

_SPLIT_TITLES: dict[Split, str] = {
    "test": "test (cases held out of the same quarters)",
    "test_next": "test_next (the newest quarter, out of time)",
}
_MEASURE_TITLES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "brier": "Brier score (lower is better)",
    "calibration_error": "calibration error (lower is better)",
    "recall_at_capacity": "recall at review capacity",
}

# Invented reports, to show what an answer looks like. They describe nobody.
EXAMPLE_CASES: tuple[dict[str, Any], ...] = (
    {"case_id": "example-1", "reactions": ["acute kidney injury", "hypotension"], "age_years": 78, "sex": "M"},
    {"case_id": "example-2", "reactions": ["injection site pain", "pruritus"], "age_years": 34, "sex": "F"},
    {"case_id": "example-3", "reactions": ["drug ineffective", "fatigue", "nausea"], "sex": "F"},
)


def announce_request(console: Console, request: dict[str, Any] | None, airflow_url: str, state: LocalState) -> None:
    """Say what there is to decide and where. Nothing where the run ended before it asked."""
    if request is None:
        return
    vigil = "source " + _shown(state.shell_variables) + " && .venv/bin/vigil approvals"
    console.print(f"\n[bold]A candidate waits for a signature[/]: request {request['request_id']}", soft_wrap=True)
    console.print(f"  see     {vigil} show {request['request_id']}", soft_wrap=True)
    console.print(f"  sign    {vigil} approve {request['request_id']} --user NAME", soft_wrap=True)
    console.print(f"  reject  {vigil} reject {request['request_id']} --user NAME --comment WHY", soft_wrap=True)
    console.print(f"  Airflow {airflow_url}/dags/train_model\n", soft_wrap=True)


def print_outcome(
    console: Console, outcome: dict[str, Any], request: dict[str, Any] | None, airflow_url: str, state: LocalState
) -> None:
    """The evaluation, three cases scored, the addresses, and how to stop."""
    if request is not None:
        evaluation = _read_evaluation(request["facts"]["evaluation_uri"])
        for name, split in evaluation.splits.items():
            console.print(_measures(name, split))
        console.print(_subgroups(evaluation.splits["test_next"]))
    if outcome["status"] == "SUCCEEDED":
        _print_scores(console)
    password = _shown(state.password_file("airflow-admin"))
    console.print(f"\nAirflow    {airflow_url}  (user admin, password in {password})", soft_wrap=True)
    console.print(f"AWS        {state.endpoint()}  (source {_shown(state.shell_variables)})", soft_wrap=True)
    console.print("Stop       make stop", soft_wrap=True)


def _read_evaluation(uri: str) -> Evaluation:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return Evaluation.model_validate_json(aws_client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def _measures(name: Split, split: SplitEvaluation) -> Table:
    population = split.population
    title = f"{_SPLIT_TITLES[name]}: {population.n:,} cases, {population.prevalence:.0%} serious"
    table = Table(title=title, caption="value (95 % bootstrap interval)", caption_justify="left")
    for heading in ("", "baseline", "candidate", "difference"):
        table.add_column(heading)
    for field, title in _MEASURE_TITLES.items():
        rows = (split.baseline.overall, split.candidate.overall, split.difference)
        table.add_row(title, *(_interval(getattr(measures, field)) for measures in rows))
    return table


def _subgroups(split: SplitEvaluation) -> Table:
    table = Table(title="AUROC of the candidate by subgroup, newest quarter")
    for heading in ("subgroup", "cases", "serious", "AUROC", "0.5 to 1.0"):
        table.add_column(heading)
    for name, population in split.subgroups.items():
        measure = split.candidate.subgroups[name].auroc
        bar = "" if measure.value is None else "█" * round(max(0.0, measure.value - 0.5) * 40)
        table.add_row(name, f"{population.n:,}", f"{population.prevalence:.0%}", _interval(measure), bar)
    return table


def _interval(measure: Measure) -> str:
    if measure.value is None:
        return "undefined"
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"


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
