"""What is wrong with a definition, in the form that CreateStateMachine and ValidateStateMachineDefinition report it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SCHEMA = "SCHEMA_VALIDATION_FAILED"
Severity = Literal["ERROR", "WARNING"]


@dataclass(frozen=True)
class Problem:
    """``location`` is a path such as /States/Wait/Seconds; "" for what concerns no place."""

    code: str
    message: str
    location: str
    severity: Severity = "ERROR"

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"


class DefinitionError(ValueError):
    """A definition that AWS would refuse, or that uses what this server does not provide."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(str(problem) for problem in problems))
        self.problems = problems


class Problems:
    """Collects problems, so that one answer names them all. The methods named after a rule say it in AWS's words."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, message: str, location: str, *, code: str = SCHEMA) -> None:
        problem = Problem(code, message, location)
        if problem not in self.found:
            self.found.append(problem)

    def warn(self, code: str, message: str, location: str) -> None:
        self.found.append(Problem(code, message, location, "WARNING"))

    def require(self, part: Mapping[str, Any], fields: tuple[str, ...], location: str) -> bool:
        missing = [field for field in fields if field not in part]
        if missing:
            self.add(f"These fields are required: [{', '.join(missing)}]", location or "/")
        return not missing

    def at_most_one(self, part: Mapping[str, Any], fields: tuple[str, ...], location: str) -> None:
        if sum(field in part for field in fields) > 1:
            self.add(f"There should only be one of the following fields: [{', '.join(fields)}]", location or "/")

    def exactly_one(self, part: Mapping[str, Any], fields: tuple[str, ...], location: str) -> None:
        if not any(field in part for field in fields):
            listed = ", ".join(fields)
            self.add(f"This object should have only one of the following fields: [{listed}]", location or "/")
        self.at_most_one(part, fields, location)

    def known(self, part: Mapping[str, Any], fields: frozenset[str], location: str) -> None:
        for field in part:
            if field not in fields:
                self.add(f"Field '{field}' is not supported", location or "/")

    def one_of(self, value: Any, offered: tuple[str, ...], location: str) -> None:
        if not isinstance(value, str):
            self.wrong_type("[STRING]", location)
        elif value not in offered:
            self.add(f"Value should be one of the following: [{', '.join(offered)}]", location)

    def wrong_type(self, wanted: str, location: str) -> None:
        self.add(f"Expected value of type {wanted}", location)

    def raise_if_any(self) -> None:
        """Raises ``DefinitionError`` with the errors; warnings prevent nothing."""
        errors = [problem for problem in self.found if problem.severity == "ERROR"]
        if errors:
            raise DefinitionError(errors)
