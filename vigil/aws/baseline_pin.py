"""Pinning a baseline: a model without one does not go into service, and one that served before keeps its own."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.ledger_table import ConditionFailedError
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.aws.release_models import PinnedBaseline, Release
from vigil.digests import Sha256, sha256_hex

BASELINE_FILE = "baseline.json"


class BaselineNotPinnedError(Exception):
    """The baseline is missing, changed or of another model; the message says which. The model does not serve."""


class PinBaselineEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    release: Release
    execution_arn: str


class _Pinning(BaseModel):
    """What ``baseline.json`` says of itself; the rest is for the monitors."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    artefact_digest: Sha256
    dataset_version: Sha256
    plan_digest: Sha256
    files: dict[str, Sha256] = Field(min_length=1)


def pin_baseline(
    event: PinBaselineEvent, models: ServingRecords, actor: Actor, ledger: RequiredLedger, s3: Any
) -> PinnedBaseline:
    """Check the baseline against the release and the files that it names, and record it, once for a model package.

    A package that has one pinned must still have that very one. Raises ``BaselineNotPinnedError``.
    """
    release = event.release
    prefix = S3Uri.parse(release.baseline_uri)
    content = _content(prefix / BASELINE_FILE, s3)
    found, digest = _read(content), sha256_hex(content)
    _check(found, digest, release)
    for name, expected in sorted(found.files.items()):
        if sha256_hex(_content(prefix / name, s3)) != expected:
            raise BaselineNotPinnedError(f"{name} of the baseline is not the one that {BASELINE_FILE} names")
    pinned = PinnedBaseline(
        uri=str(prefix), digest=digest, plan_digest=found.plan_digest, dataset_version=found.dataset_version
    )
    if not release.baseline_digest:
        _record(event, pinned, models, actor, ledger)
    return pinned


def _content(uri: S3Uri, s3: Any) -> bytes:
    try:
        return get_bytes(uri, s3)
    except ObjectError as error:
        raise BaselineNotPinnedError(f"the baseline lacks a file: {error}; look at the job's log") from error


def _read(content: bytes) -> _Pinning:
    try:
        return _Pinning.model_validate(json.loads(content))
    except (ValueError, ValidationError) as error:
        raise BaselineNotPinnedError(f"{BASELINE_FILE} is no baseline ({type(error).__name__})") from error


def _check(found: _Pinning, digest: str, release: Release) -> None:
    pairs = [
        ("artefact", found.artefact_digest, release.artefact_digest),
        ("dataset", found.dataset_version, release.dataset_version),
    ]
    if release.baseline_digest:
        pairs.append((BASELINE_FILE, digest, release.baseline_digest))
    else:  # one that is pinned keeps the plan that it was made under
        pairs.append(("plan", found.plan_digest, release.plan_digest))
    for name, is_there, expected in pairs:
        if is_there != expected:
            raise BaselineNotPinnedError(f"the baseline's {name} is {is_there[:12]}, expected was {expected[:12]}")


def _record(
    event: PinBaselineEvent, pinned: PinnedBaseline, models: ServingRecords, actor: Actor, ledger: RequiredLedger
) -> None:
    release = event.release
    entry = Entry(
        chain=model_chain(release.run_key),
        event=EventName.BASELINE_PINNED,
        key=f"{EventName.BASELINE_PINNED}#{release.model_package_arn}#{pinned.digest}",
        actor=actor,
        subject=release.model_package_arn,
        new=pinned.model_dump(mode="json"),
        details={"execution_arn": event.execution_arn, "artefact_digest": release.artefact_digest},
    )
    facts = {"baseline_uri": pinned.uri, "baseline_digest": pinned.digest}
    change = models.note(release.model_package_arn, facts, once="baseline_digest")
    try:
        ledger.append_with(entry, [change])
    except ConditionFailedError as error:
        raise BaselineNotPinnedError(
            f"another baseline is pinned for {release.model_package_arn}: start the release again to use that one"
        ) from error
