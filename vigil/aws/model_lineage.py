"""Everything that is recorded of one version: its requests, its chain in the ledger, its baseline, its windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from vigil.audit.events import EventName
from vigil.audit.models import Record, model_chain
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.model_versions import read_requests
from vigil.aws.monitoring_table import MonitoringTable
from vigil.models.versions import ChainEntry, Lineage, ModelVersion
from vigil.moments import Clock
from vigil.monitoring.models import WindowReport

Found = TypeVar("Found")
MOST_WINDOWS = 50  # of monitoring, the newest


def model_lineage(
    version: ModelVersion,
    requests: Sequence[Mapping[str, object]],
    parameters: StackParameters,
    clock: Clock,
    dynamodb: Any = None,
) -> Lineage:
    """What cannot be read is said in its place. ``requests``: as the desk gives them, newest first."""
    client, problems = dynamodb or aws_client("dynamodb"), list[str]()
    ledger = LedgerTable(client, parameters.tables.ledger, clock)
    windows = MonitoringTable(client, parameters.tables.monitoring)
    chain = _tried(lambda: _chain(version, ledger), "the ledger's chain", problems) or []
    mine = [row for row in requests if _is_about(row, version.model_package_arn)]
    read = read_requests(mine)
    return Lineage(
        version=version,
        requests=tuple(dict(row) for row in mine),
        evaluation_uri=read[0].facts.evaluation_uri if read else None,
        comparisons=tuple(_told(record) for record in chain if record.event is EventName.CHALLENGER_COMPARED),
        baseline=next((_told(record) for record in chain if record.event is EventName.BASELINE_PINNED), None),
        chain=tuple(_entry(record) for record in chain),
        windows=tuple(
            _tried(lambda: _windows(version, windows, parameters), "the windows of monitoring", problems) or []
        ),
        problems=tuple(problems),
    )


def _chain(version: ModelVersion, ledger: LedgerTable) -> list[Record]:
    return list(ledger.read(model_chain(version.run_key))) if version.run_key else []


def _windows(version: ModelVersion, table: MonitoringTable, parameters: StackParameters) -> list[WindowReport]:
    found = table.windows(parameters.sagemaker.endpoint)
    return [window for window in found if window.artefact_digest == version.artefact_digest][:MOST_WINDOWS]


def _tried(read: Callable[[], Found], what: str, problems: list[str]) -> Found | None:
    try:
        return read()
    except (BotoCoreError, ClientError, ValidationError) as error:
        problems.append(f"{what} cannot be read: {type(error).__name__}")
        return None


def _is_about(row: Mapping[str, object], model_package_arn: str) -> bool:
    facts = row.get("facts")
    return isinstance(facts, dict) and facts.get("model_package_arn") == model_package_arn


def _told(record: Record) -> dict[str, object]:
    return record.model_dump(mode="json", include={"sequence", "at", "new", "details"})


def _entry(record: Record) -> ChainEntry:
    return ChainEntry(
        sequence=record.sequence,
        at=record.at,
        event=record.event.value,
        actor=record.actor.name,
        via=record.actor.via,
        proven=record.actor.verified,
        subject=record.subject,
        hash=record.hash,
    )
