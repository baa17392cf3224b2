"""A process that signs or delivers, and stops at a named point until somebody kills it. See ``test_killed.py``.

``python killed_signer.py POINT REQUEST RUNS``: tables and key are those that the environment leads to.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from approval_bench import Bench, on_tables

from vigil.approvals.deliver import deliver
from vigil.approvals.errors import WaitEndedError
from vigil.approvals.models import Meaning
from vigil.approvals.ports import WaitEnd
from vigil.aws.environment import aws_client
from vigil.aws.signing import KmsSigner

BEFORE_TRANSACTION = "between signature and transaction"
AFTER_TRANSACTION = "between transaction and delivery"
BEFORE_MARK = "between delivery and its mark"
POINTS = (BEFORE_TRANSACTION, AFTER_TRANSACTION, BEFORE_MARK)


class Tables:
    approvals, ledger, people = "vigil-unit-approvals", "vigil-unit-ledger", "vigil-unit-people"


class FileRuns:
    """``Runs`` that survive a process: one line for each answer that a wait has got; it takes one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        if self.answers():
            raise WaitEndedError("the run no longer waits (TaskTimedOut)")
        self._path.write_text(f"{output['request_id']} {output['decision']}\n")

    def fail(self, token: str, error: str, cause: str) -> None:
        self._path.write_text(f"failed {error}\n")

    def is_running(self, execution_arn: str) -> bool:
        return True

    def how_wait_ended(self, execution_arn: str, request_id: str) -> WaitEnd:
        is_this = any(line.startswith(request_id) for line in self.answers())
        return WaitEnd.RECEIVED if is_this else WaitEnd.OTHERWISE

    def answers(self) -> list[str]:
        return self._path.read_text().splitlines() if self._path.exists() else []


def bench_of(signing_key: str, runs: Path) -> Bench:
    """The bench with real tables, a real key, and runs in a file."""
    bench = on_tables(Bench.make(), aws_client("dynamodb"), Tables)
    ids: Any = iter(partial(secrets.token_hex, 8), None)
    signer: Any = KmsSigner(aws_client("kms"), signing_key)
    waits: Any = FileRuns(runs)
    bench.signer, bench.runs, bench.ids = signer, waits, ids
    return bench


def here() -> None:
    """The point: says so, and waits to be killed."""
    print("here", flush=True)
    time.sleep(120)


def then_here(act: Callable[..., Any]) -> Callable[..., Any]:
    def acted(*given: Any) -> Any:
        result = act(*given)
        here()
        return result

    return acted


def main(point: str, request_id: str, signing_key: str, runs: str) -> None:
    bench = bench_of(signing_key, Path(runs))
    request = bench.store.get(request_id)
    assert request is not None
    changed: Any = bench
    if point == BEFORE_TRANSACTION:
        changed.store.sign = lambda *_: here()
    if point == AFTER_TRANSACTION:
        changed.store.sign = then_here(bench.store.sign)
    bench.sign(request, Meaning.APPROVED, "ana")
    changed.runs.succeed = then_here(bench.runs.succeed)
    deliver(request_id, bench.delivery)


if __name__ == "__main__":
    main(*sys.argv[1:])
