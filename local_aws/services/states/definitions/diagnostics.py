"""Problems of a definition as ValidateStateMachineDefinition answers them.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable

from local_aws.services.states import requests as api
from local_aws.services.states.definitions.problems import Problem

MAX_DIAGNOSTICS = 100


def answer(
    problems: Iterable[Problem], severity: str = "ERROR", most: int = 0
) -> api.ValidateStateMachineDefinitionResponse:
    """``severity`` is the least that is shown; ``most`` diagnostics are, 100 of them for 0. Warnings fail nothing."""
    found = list(problems)
    shown = [_diagnostic(problem) for problem in found if severity == "WARNING" or problem.severity == "ERROR"]
    limit = most or MAX_DIAGNOSTICS
    return {
        "result": "FAIL" if any(problem.severity == "ERROR" for problem in found) else "OK",
        "diagnostics": shown[:limit],
        "truncated": len(shown) > limit,
    }


def _diagnostic(problem: Problem) -> api.Diagnostic:
    diagnostic: api.Diagnostic = {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
    }
    if problem.location:
        diagnostic["location"] = problem.location
    return diagnostic
