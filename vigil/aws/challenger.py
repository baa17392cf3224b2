"""A challenger's judgements, recorded: by the paired test on labelled rows, and by what it did in the shadow."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from vigil.approvals.errors import EvidenceError
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.aws.release_models import Release
from vigil.aws.shadow_evidence import ShadowPlaces, shadow_findings
from vigil.change_control.models import Plan
from vigil.change_control.shadow import Judgement, judge_shadow
from vigil.digests import sha256_hex
from vigil.models.comparison import PairedComparison, why_worse
from vigil.moments import Clock, timestamp

logger = logging.getLogger(__name__)

#: Attributes of the model package's item in the models table, where the Models page reads them: JSON documents.
PAIRED, SHADOW = "paired_test", "shadow"


class CompareEvent(BaseModel):
    """``comparison_uri``: of the paired test's ``comparison.json``. ``since``: when the shadow began to answer."""

    model_config = ConfigDict(extra="forbid")

    phase: Literal["paired-test", "shadow"]
    release: Release
    execution_arn: str
    comparison_uri: str = ""
    since: str = ""


@dataclass(frozen=True)
class ComparePorts:
    """``places``: where an endpoint's captured answers and labels lie. The clients are boto3's."""

    evidence: EvidenceStore
    models: ServingRecords
    ledger: RequiredLedger
    actor: Actor
    clock: Clock
    places: ShadowPlaces
    s3: Any
    cloudwatch: Any


def compare_challenger(event: CompareEvent, ports: ComparePorts) -> Judgement:
    """Judge by the plan that was signed, and record it. Raises ``EvidenceError`` for a comparison of other things.

    Asked again, it gives what was recorded first: figures move on, a judgement does not.
    """
    plan = ports.evidence.plan(event.release.plan_digest)
    judge = _paired if event.phase == "paired-test" else _shadow
    judgement, facts = judge(event, plan, ports)
    return _record(event, judgement, facts, ports)


def _paired(event: CompareEvent, plan: Plan, ports: ComparePorts) -> tuple[Judgement, dict[str, Any]]:
    try:
        content = get_bytes(S3Uri.parse(event.comparison_uri), ports.s3)
        found = PairedComparison.model_validate_json(content)
    except (ObjectError, ValidationError) as error:
        raise EvidenceError(f"the comparison {event.comparison_uri} cannot be read ({type(error).__name__})") from error
    release = event.release
    champion = release.champion.artefact_digest if release.champion else ""
    for name, is_there, expected in (
        ("champion", found.champion.artefact_digest, champion),
        ("challenger", found.challenger.artefact_digest, release.artefact_digest),
        ("dataset", found.dataset_version, release.dataset_version),
        ("plan", found.plan_digest, release.plan_digest),
    ):
        if is_there != expected:
            raise EvidenceError(f"the comparison's {name} is {is_there[:12]}, expected was {expected[:12] or 'none'}")
    worse = why_worse(found, plan.protocol.update.paired_test)
    difference = found.difference.auroc
    held = f"AUROC differs by {difference.value} ({difference.low} to {difference.high}) on {found.cases} cases"
    judgement = Judgement(verdict="turned-away" if worse else "passed", reason=worse or held)
    facts = {
        "comparison_uri": event.comparison_uri,
        "comparison_digest": sha256_hex(content),
        "cases": found.cases,
        "split": found.split,
        "difference": found.difference.model_dump(mode="json"),
    }
    return judgement, facts


def _shadow(event: CompareEvent, plan: Plan, ports: ComparePorts) -> tuple[Judgement, dict[str, Any]]:
    since, until = datetime.fromisoformat(event.since), ports.clock()
    try:
        found = shadow_findings(ports.places, since, until, ports.s3, ports.cloudwatch)
    except (ObjectError, ClientError) as error:  # says nothing against the challenger
        logger.exception("the shadow of %s could not be looked at", event.release.model_package_arn)
        why = f"what it did in the shadow could not be read ({type(error).__name__}): not judged"
        return Judgement(verdict="not-judged", reason=why), {"since": timestamp(since), "until": timestamp(until)}
    rules = plan.protocol.update
    judgement = judge_shadow(found, rules.shadow, rules.paired_test)
    return judgement, {"since": timestamp(since), "until": timestamp(until), **found.model_dump(mode="json")}


def _record(event: CompareEvent, judgement: Judgement, facts: dict[str, Any], ports: ComparePorts) -> Judgement:
    release, phase = event.release, event.phase
    champion = release.champion
    document = {
        **judgement.model_dump(mode="json"),
        **facts,
        "champion_package": champion.model_package_arn if champion else "",
        "champion_artefact": champion.artefact_digest if champion else "",
    }
    entry = Entry(
        chain=model_chain(release.run_key),
        event=EventName.CHALLENGER_COMPARED,
        key=f"{EventName.CHALLENGER_COMPARED}#{event.execution_arn}#{phase}",
        actor=ports.actor,
        subject=release.model_package_arn,
        new=document,
        details={"phase": phase, "execution_arn": event.execution_arn, "plan_digest": release.plan_digest},
    )
    kept = PAIRED if phase == "paired-test" else SHADOW
    change = ports.models.note(release.model_package_arn, {kept: json.dumps(document, sort_keys=True)})
    recorded = ports.ledger.append_with(entry, [change]).record
    return Judgement(verdict=recorded.new["verdict"], reason=recorded.new["reason"])
