"""Steps that tests of drift on a deployed stack share."""

from __future__ import annotations

import subprocess
from datetime import timedelta

from approval_fakes import PASSWORD
from drift_stack import DriftStack
from moto_people import strong

from vigil.aws.clock import server_time
from vigil.aws.environment import aws_client
from vigil.aws.monitoring_table import MonitoringTable
from vigil.monitoring.models import Because, Decide, WindowReport
from vigil.monitoring.retraining import Retraining


def retrained(stack: DriftStack) -> WindowReport:
    """A first window for which a retraining runs."""
    first = stack.window()
    assert stack.handle(first) == ["Retraining"]
    return first


def check_once(stack: DriftStack, found: WindowReport, because: Because, decided: Decide) -> None:
    """One record, in table and ledger, and no run."""
    decision = stack.decided(found)
    assert (decision.because, decision.decide, decision.dag_run_id) == (because, decided, None)
    assert stack.recorded(found.id) == ["drift.decided"]
    assert stack.asked(found) == 0


def place_back(stack: DriftStack, days: int) -> None:
    """The last retraining began so long ago."""
    client, table = aws_client("dynamodb"), stack.parameters.tables.monitoring
    key = MonitoringTable.key(stack.endpoint, "retraining")
    item = client.get_item(TableName=table, Key=key)["Item"]
    held = Retraining.model_validate_json(item["document"]["S"])
    earlier = held.model_copy(update={"since": server_time() - timedelta(days=days)})
    client.put_item(TableName=table, Item=item | {"document": {"S": earlier.model_dump_json()}})


def override(
    stack: DriftStack, found: WindowReport, decide: str, user: str = "ana", password: str = strong(PASSWORD)
) -> subprocess.CompletedProcess[str]:
    """By the command line."""
    file = stack.folder / f"{user}.password"
    file.write_text(password)
    file.chmod(0o600)
    given = ("--user", user, "--password-file", str(file), "--reason", "seen by eye", "--yes", "--json")
    return stack.vigil("drift", "override", found.id, "--decide", decide, *given)
