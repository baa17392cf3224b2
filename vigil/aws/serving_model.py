"""The model in service, as drift is decided about it: its digest, its plan's rules, and what it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigil.aws.environment import Buckets
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.new_data import MissingArchiveError, find_new_data
from vigil.aws.releases import ReleaseRecord, read_release_bytes
from vigil.change_control.models import Plan
from vigil.change_control.monitoring_rules import DriftRules
from vigil.monitoring.models import NewData, WindowReport


@dataclass(frozen=True)
class ServingModel:
    """``record``: of the endpoint in the models table (``ServingRecords.serving``); empty where nothing serves."""

    record: Mapping[str, str]
    buckets: Buckets
    s3: Any

    @property
    def artefact_digest(self) -> str | None:
        return self.record.get("artefact_digest")

    @property
    def run_key(self) -> str | None:
        return self.record.get("run_key") or None

    def plan(self, plan_digest: str) -> Plan:
        """By ``plan_digest`` where the record names none: nothing serves, or an older stack put it there."""
        return EvidenceStore(self.buckets.models, self.s3).plan(self.record.get("plan_digest") or plan_digest)

    def rules(self, report: WindowReport) -> DriftRules:
        """Of the plan that the model in service was approved by."""
        return self.plan(report.plan_digest).modification_protocol.retraining.drift

    def new_data(self) -> NewData:
        """Raises ``MissingArchiveError`` and ``ObjectError``."""
        version = self.record.get("dataset_version")
        if not version:
            raise MissingArchiveError(
                "the record of what serves names no dataset version: put the model into service anew"
            )
        release = ReleaseRecord.model_validate_json(read_release_bytes(version, self.buckets.datasets, self.s3))
        return find_new_data(release, self.buckets.raw, self.s3)
