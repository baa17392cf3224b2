"""Putting back what an ended update-endpoint execution left at the endpoint.

An execution that is stopped goes through no state of its own any more. The rule is: what serves is what is recorded as
ACTIVE, unless an update runs right now. Each call takes one step; the next minute's takes the next.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from vigil.aws.endpoint_ledger import NO_CONFIG, changed_outside, endpoint_restored
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.executions import Executions
from vigil.aws.outcomes import ROLLED_BACK, OutcomeEvent, OutcomePorts, failed_as, model_key, record_outcome
from vigil.aws.run_records import has_ended, is_settled
from vigil.moments import timestamp

logger = logging.getLogger(__name__)

ENDED_BADLY = ("ABORTED", "TIMED_OUT", "FAILED")
#: A call that an execution made just before it was stopped may still take effect: as long as its tasks' time-outs.
AFTERMATH = timedelta(minutes=3)
#: DescribeEndpoint, EndpointStatus (SageMaker API reference): what can be changed now, and what can only be deleted.
CHANGEABLE = frozenset({"InService", "OutOfService", "UpdateRollbackFailed"})
FAILED = "Failed"
NO_ENDPOINT = re.compile(r"Could not find endpoint [\"']")


@dataclass(frozen=True)
class RestorationPorts:
    """``sagemaker`` is a boto3 SageMaker client; ``state_machine`` the ARN of update-endpoint.

    ``has_claimed``: whether a running execution of it has taken up its approval; until then it only waits its turn.
    """

    state_machine: str
    endpoint: str
    executions: Executions
    serving: ServingRecords
    sagemaker: Any
    outcomes: OutcomePorts
    has_claimed: Callable[[str], bool]


def restore_recorded(ports: RestorationPorts) -> dict[str, str]:
    """What was done about each ended execution whose traces at the endpoint were not looked after yet, by ARN.

    Nothing is done while an update-endpoint execution is at work: it looks after the endpoint itself.
    """
    unsettled = _unsettled(ports)
    found = _describe(ports)  # before the look for running ones: an update that ended between has left its record
    if any(ports.has_claimed(arn) for arn, _ in ports.executions.running(ports.state_machine)):
        return {}
    recorded = ports.serving.serving(ports.endpoint)
    if not unsettled:
        _tell_difference(found, recorded, ports)
        return {}
    step = _next_step(found, recorded.get("config_name", ""))
    if step == "as recorded":
        return {arn: _settle(arn, recorded, ports) for arn in unsettled}
    if step != "wait":
        _take(step, found, recorded, unsettled, ports)
    return dict.fromkeys(unsettled, step)


def _unsettled(ports: RestorationPorts) -> list[str]:
    ended = [each for status in ENDED_BADLY for each in ports.executions.recently_ended(ports.state_machine, status)]
    return [each.arn for each in ended if not is_settled(ports.outcomes.records.get(each.arn) or {}, each.redrives)]


def _describe(ports: RestorationPorts) -> dict[str, str] | None:
    """The endpoint's status, configuration and when it was changed; None where there is no endpoint."""
    try:
        answer = ports.sagemaker.describe_endpoint(EndpointName=ports.endpoint)
    except ClientError as error:
        if NO_ENDPOINT.match(error.response["Error"].get("Message", "")):
            return None
        raise
    modified = answer.get("LastModifiedTime")
    found = {"status": answer["EndpointStatus"], "config": answer["EndpointConfigName"]}
    return found | ({"modified_at": timestamp(modified)} if modified else {})


def _tell_difference(found: dict[str, str] | None, recorded: dict[str, str], ports: RestorationPorts) -> None:
    """No update has left the endpoint otherwise than recorded: somebody did, and may. Each such change is recorded, and
    people are told, once."""
    if _next_step(found, recorded.get("config_name", "")) in ("as recorded", "wait"):
        return
    config, modified = _config(found), found.get("modified_at", "") if found else ""
    what = f"{ports.endpoint}#{config}#{modified}#{recorded.get('execution_arn', '')}"
    key = f"endpoint-differs#{what}"
    if ports.outcomes.records.get(key) is not None or _describe(ports) != found:  # one that goes on is no result yet
        return
    ports.outcomes.ledger.append(changed_outside(what, ports.endpoint, found or {}, recorded, ports.outcomes.actor))
    if not ports.outcomes.records.finish(key, "DIFFERS", f"the endpoint has {config}", ports.outcomes.clock()):
        return
    facts = {"event": "endpoint-differs", "endpoint_name": ports.endpoint, "config_name": config}
    ports.outcomes.notifications.publish(
        "Vigil: the endpoint is not as recorded", facts | {"recorded_config": recorded.get("config_name", "")}
    )


def _next_step(found: dict[str, str] | None, recorded: str) -> str:
    if found is None:
        return "create" if recorded else "as recorded"
    if found["status"] not in (CHANGEABLE | {FAILED}):
        return "wait"  # a change is in progress, and SageMaker takes no other
    if found["status"] == FAILED or not recorded:
        return "delete"  # a failed endpoint takes nothing else; one that was never marked ACTIVE must not serve
    return "as recorded" if (found["status"], found["config"]) == ("InService", recorded) else "update"


def _config(found: dict[str, str] | None) -> str:
    return found["config"] if found else NO_CONFIG


def _take(
    step: str, found: dict[str, str] | None, recorded: dict[str, str], unsettled: list[str], ports: RestorationPorts
) -> None:
    package = recorded.get("active_package", "")
    if package and ports.outcomes.packages.status(package) == "Rejected":
        raise RestorationError(
            f"endpoint {ports.endpoint} is not as recorded, but the recorded package {package} is Rejected: "
            "decide by hand what is to serve"
        )
    for arn in unsettled:
        ports.outcomes.records.note_restoration(arn, step, _config(found))
    names = {"EndpointName": ports.endpoint}
    if step == "delete":
        ports.sagemaker.delete_endpoint(**names)
    else:
        change = ports.sagemaker.create_endpoint if step == "create" else ports.sagemaker.update_endpoint
        change(**names, EndpointConfigName=recorded["config_name"])
    logger.warning("endpoint %s: %s, because of %s", ports.endpoint, step, ", ".join(unsettled))
    facts = {"event": "endpoint-restoration", "endpoint_name": ports.endpoint, "step": step, "left_by": unsettled}
    ports.outcomes.notifications.publish(
        "Vigil: the endpoint is put back", facts | {"config_name": recorded.get("config_name", "")}
    )


def _settle(arn: str, recorded: dict[str, str], ports: RestorationPorts) -> str:
    """Record how the execution ended, and that the endpoint was put back, once nothing of it can take effect any more.

    The execution is settled last: while the ledger cannot be written, each minute tries again.
    """
    described = ports.executions.describe(arn)
    now = ports.outcomes.clock()
    if now - described["stopDate"] < AFTERMATH:
        return "as recorded, looked at again"
    row, requested = ports.outcomes.records.get(arn) or {}, _requested(described)
    redrives = int(described.get("redriveCount", 0))
    if "restoration_step" in row:
        key = model_key(requested, ports.outcomes.records)
        why = f"an update that was {described['status'].lower()} had left it otherwise: {row['restoration_step']}"
        left = {"config_name": row["restoration_found"]} if "restoration_found" in row else None
        entry = endpoint_restored(arn, key, ports.endpoint, left, recorded, why, ports.outcomes.actor)
        ports.outcomes.ledger.append(entry)
    if recorded.get("execution_arn") != arn and not has_ended(row, redrives):
        _record(arn, described, requested, redrives, ports)
    ports.outcomes.records.settle(arn, now, redrives)
    return "settled"


def _requested(described: dict[str, Any]) -> str:
    """The run whose model the execution was to put into service, as its input says."""
    document = json.loads(described.get("input") or "{}")
    return str(document.get("requested_execution") or "unknown") if isinstance(document, dict) else "unknown"


def _record(arn: str, described: dict[str, Any], requested: str, redrives: int, ports: RestorationPorts) -> None:
    """No state of the execution could record its end or reject its package."""
    package = (ports.outcomes.records.get(requested) or {}).get("model_package_arn", "")
    cause = str(described.get("cause") or f"the update was {described['status'].lower()}; what was recorded serves")
    outcome = failed_as(described) if described["status"] == FAILED.upper() else ROLLED_BACK
    # Whoever may start an update names any run: only one that was rolled back or stopped costs a package its chance.
    candidate = {"model_package_arn": package} if package and outcome == ROLLED_BACK else {}
    event = OutcomeEvent(
        execution_arn=arn,
        outcome=outcome,
        cause=cause,
        candidate=candidate,
        requested_execution=requested,
        redrives=redrives,
    )
    record_outcome(event, ports.outcomes)


class RestorationError(Exception):
    """The record itself is in doubt, so nothing is put back; the message says what stands against it."""
