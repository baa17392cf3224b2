"""Who signs in the demo: one person made for each signature that the plan asks for, each in that one role."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.change_control.plan import load_plan
from vigil.cli.demo.state import REPOSITORY

# Who can sign when nobody is named.
APPROVER = "demo-approver"


@dataclass(frozen=True)
class Signer:
    """``meaning``: what this person's signature says, as the plan has it for the role."""

    user: str
    role: str
    meaning: str

    @property
    def command(self) -> str:
        """Which of the `vigil approvals` commands gives this signature."""
        return {"reviewed": "review", "approved": "approve"}[self.meaning]

    @property
    def address(self) -> str:
        """Mail to it never leaves the machine."""
        return f"{self.user}@vigil.example"

    @property
    def printed_name(self) -> str:
        """Nobody's name: the demo makes up no people."""
        return self.user.replace("-", " ").capitalize()


def signers(name: str) -> list[Signer]:
    """The people of the demo, in the plan's order: ``NAME-quality-assurance``, ``NAME-model-owner``."""
    seats = load_plan(REPOSITORY / "change_control" / "plan.yaml").protocol.approval.signatures
    return [Signer(f"{name}-{seat.role}".lower(), seat.role, seat.meaning) for seat in seats]
