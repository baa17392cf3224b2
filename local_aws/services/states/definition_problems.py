"""What is wrong with a definition, in the form that CreateStateMachine reports it."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "SCHEMA_VALIDATION_FAILED"


@dataclass(frozen=True)
class Problem:
    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location}"


class DefinitionError(ValueError):
    """A definition that AWS would refuse, or that uses what this server does not provide."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(str(problem) for problem in problems))
        self.problems = problems


class Problems:
    """Collects problems, so that one answer names them all."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, message: str, location: str, *, code: str = SCHEMA) -> None:
        self.found.append(Problem(code, message, location))

    def raise_if_any(self) -> None:
        if self.found:
            raise DefinitionError(self.found)
