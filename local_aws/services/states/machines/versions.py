"""Publishing versions of state machines: numbered snapshots that never change.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html; messages are recorded
behaviour.
"""

from __future__ import annotations

from datetime import UTC, datetime

from local_aws.api import ApiError
from local_aws.services.states.models import Machine, Version
from local_aws.services.states.records import Records

#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_VERSIONS = 1000
#: What stands for the revision of a machine that was never updated.
INITIAL = "INITIAL"


def publish(records: Records, machine: Machine, description: str | None, revision: str | None = None) -> Version:
    """Inside a transaction: the version of the machine's current revision, made if there is none.

    Raises ``ApiError`` ConflictException when ``revision`` is given and is not the current one.
    """
    current = machine["revision"] or INITIAL
    if revision is not None and revision != current:
        raise ApiError(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {revision}. "
            f"The current State Machine revision is {current}.",
            409,
        )
    existing = records.versions(machine["arn"])
    for version in existing:
        if version["machine"]["revision"] != machine["revision"]:
            continue
        if description is not None and version["description"] != description:
            raise ApiError(
                "ConflictException",
                f"Version {version['number']} of revision {current} exists with another description: "
                "leave the description out, or update the state machine first",
                409,
            )
        return version
    if len(existing) >= MAX_VERSIONS:
        raise ApiError(
            "ServiceQuotaExceededException", f"A state machine may have {MAX_VERSIONS} versions: delete some", 402
        )
    number = machine.get("published", 0) + 1
    machine["published"] = number
    records.save_machine(machine)
    version = _version(machine, number, description)
    records.save_version(version)
    return version


def _version(machine: Machine, number: int, description: str | None) -> Version:
    return {
        "arn": f"{machine['arn']}:{number}",
        "number": number,
        "created": datetime.now(UTC),
        "description": description,
        "machine": machine,
    }
