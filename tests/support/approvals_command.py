"""`vigil approvals` run in this process against a bench in memory; whatever it printed, no secret is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from approval_bench import Bench
from approval_fakes import PASSWORD, TOKEN
from bench_desk import BenchFunction
from click.testing import Result
from typer.testing import CliRunner

from vigil.approvals.models import ApprovalRequest
from vigil.aws.desk_client import LambdaDesk
from vigil.cli import approval_verification, approvals


@dataclass
class Command:
    bench: Bench
    function: BenchFunction
    folder: Path

    @classmethod
    def over(cls, bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
        made = cls(bench, BenchFunction(bench), folder)
        for module in (approvals, approval_verification):
            monkeypatch.setattr(module, "open_desk", lambda: LambdaDesk(made.function, "desk"))
        monkeypatch.setattr(approval_verification, "stack_key", bench.signer.public_key_pem)
        return made

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(approvals.app, list(arguments), input=stdin, env={"COLUMNS": "200"})
        for secret in (TOKEN, PASSWORD, "ciphertext"):
            assert secret not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def password_file(self, text: str = PASSWORD, mode: int = 0o600) -> str:
        path = self.folder / "password"
        path.write_text(text + "\n")
        path.chmod(mode)
        return str(path)

    def decide(self, verb: str, request_id: str, *more: str, user: str = "ana", password: str = PASSWORD) -> Result:
        return self.run(
            verb, request_id, "--user", user, "--password-file", self.password_file(password), "--yes", *more
        )

    def stored(self, request_id: str) -> ApprovalRequest:
        found = self.bench.store.get(request_id)
        assert found is not None
        return found

    def row(self, request_id: str, **fields: Any) -> None:
        self.bench.store.change(request_id, **fields)
